import type { LocalMcp, LocalMcpOptions } from '@zeke/daemon/mcp';
import { RpcError } from '@zeke/rpc';
import {
  askQuestion,
  type QuestionReply,
  type ShownQuestion,
  showQuestion,
} from '../agent/ask-question.ts';
import { LineReader } from '../agent/line-reader.ts';
import type { InspectMcpFlags } from '../commands/mcp.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { printable } from '../output.ts';
import { openMcp } from './mcp.ts';

type Answer = NonNullable<LocalMcpOptions['questions']['answer']>;
type McpQuestion = Parameters<Answer>[0];
type CallResult = Awaited<ReturnType<LocalMcp['hub']['callTool']>>;

/** Shows what a server has, or does one thing with it. */
export async function inspectMcpServer(
  context: Context,
  name: string,
  tool: string | undefined,
  flags: InspectMcpFlags,
): Promise<ExitCode> {
  const { output } = context;
  const args = parsedArguments(flags.args);
  if (tool !== undefined && (flags.resource ?? flags.prompt) !== undefined) {
    throw new RpcError('invalid_argument', 'a tool, a resource or a prompt: one of them');
  }
  using lines = isAttended(context, flags) ? new LineReader(context.stdin) : undefined;
  const questions = { answer: personAt(context, lines) };
  await using mcp = await openMcp(context, flags, questions);
  const { signal } = context.interrupts;
  await mcp.hub.connect(name, signal);
  if (flags.resource !== undefined) {
    output.json(await mcp.hub.readResource(name, flags.resource, { signal }));
    return exitCodes.ok;
  }
  if (flags.prompt !== undefined) {
    output.json(await mcp.hub.getPrompt(name, flags.prompt, texts(args), { signal }));
    return exitCodes.ok;
  }
  if (tool === undefined) {
    await show(context, mcp, name, flags);
    return exitCodes.ok;
  }
  const result = await call(context, mcp, { name, tool, args });
  if (flags.json) output.json(result);
  else tellResult(context, result);
  return result.isError === true ? exitCodes.failure : exitCodes.ok;
}

function isAttended({ interactive }: Context, { json }: InspectMcpFlags): boolean {
  return interactive && json !== true;
}

/** Has the person at the terminal answer what the server asks; without one it is declined, and told. */
function personAt(context: Context, lines: LineReader | undefined): Answer {
  return async (question, signal) => {
    const shown = shownQuestion(question);
    showQuestion(context.output, shown);
    if (lines === undefined) {
      context.output.note('zeke: declined, since nobody is at the terminal');
      return { action: 'decline' };
    }
    let answer: Awaited<ReturnType<Answer>> = { action: 'cancel' };
    const take = (reply: QuestionReply): void => {
      const isForm = question.kind === 'form' && reply.action === 'accept';
      answer = isForm ? { action: 'accept', content: question.check(reply.content) } : reply;
    };
    const { signal: left } = context.interrupts;
    await askQuestion(context, shown, lines, take, AbortSignal.any([signal, left]));
    return answer;
  };
}

function shownQuestion(question: McpQuestion): ShownQuestion {
  const { message, server } = question;
  if (question.kind === 'url') return { server, message, url: question.url, fields: [] };
  const fields = question.fields.map(({ default: preset, format = '', isRequired, ...field }) => ({
    ...field,
    options: [...field.options],
    format,
    required: isRequired,
    default: preset === undefined ? '' : JSON.stringify(preset),
  }));
  return { server, message, url: '', fields };
}

function parsedArguments(text = '{}'): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Told below, with what is no object.
  }
  throw new RpcError('invalid_argument', '--args must be a JSON object, such as \'{"path":"a"}\'');
}

/** Arguments of prompts are texts. */
function texts(args: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, String(value)]));
}

async function show(
  { interrupts, output }: Context,
  mcp: LocalMcp,
  name: string,
  flags: InspectMcpFlags,
): Promise<void> {
  const server = mcp.hub.servers().find((each) => each.name === name);
  const tools = mcp.hub.tools().filter((tool) => tool.server === name);
  const offers = await mcp.hub.offers(name, { signal: interrupts.signal });
  if (flags.json) {
    return output.json({ server, tools: tools.map(({ descriptor }) => descriptor), ...offers });
  }
  const { bold, dim, yellow } = output.styles;
  const heading = (title: string) => output.line(bold(title));
  const entry = (title: string, about: string | undefined) =>
    output.line(`  ${printable(title)}${about ? ` ${dim(printable(firstLine(about)))}` : ''}`);
  if (server?.implementation !== undefined) {
    const { name: own, version } = server.implementation;
    output.line(`${printable(own)} ${printable(version)}, ${server.protocolVersion}`);
  }
  heading(`Tools (${tools.length})`);
  for (const { changed, descriptor, tool } of tools) {
    entry(`${tool}${parameters(descriptor.inputSchema)}`, descriptor.description);
    if (changed !== undefined)
      output.line(`    ${yellow('describes itself differently than before')}`);
  }
  heading(`Resources (${offers.resources.length})`);
  for (const { description, uri } of offers.resources) entry(uri, description);
  for (const { description, uriTemplate } of offers.templates) entry(uriTemplate, description);
  heading(`Prompts (${offers.prompts.length})`);
  for (const { arguments: names = [], description, name: prompt } of offers.prompts) {
    entry(`${prompt}(${names.map((each) => each.name).join(', ')})`, description);
  }
}

/** `(path, limit?)` */
function parameters({
  properties = {},
  required = [],
}: {
  readonly properties?: object | undefined;
  readonly required?: readonly string[] | undefined;
}): string {
  const names = Object.keys(properties).map((name) =>
    required.includes(name) ? name : `${name}?`,
  );
  return `(${names.join(', ')})`;
}

function firstLine(text: string): string {
  const [line = ''] = text.trim().split('\n');
  return line.length > maxLineChars ? `${line.slice(0, maxLineChars)}…` : line;
}

const maxLineChars = 100;

async function call(
  { interrupts, output }: Context,
  mcp: LocalMcp,
  { args, name, tool }: { name: string; tool: string; args: Record<string, unknown> },
): Promise<CallResult> {
  const tools = mcp.hub.tools().filter((each) => each.server === name);
  const found = tools.find((each) => each.tool === tool || each.name === tool);
  if (found === undefined) {
    const known = tools.map((each) => each.tool).join(', ') || 'none';
    throw new RpcError('not_found', `${name} has no tool called ${tool}; it has: ${known}`);
  }
  return mcp.hub.callToolOf(found, args, {
    signal: interrupts.signal,
    onProgress: ({ message, progress, total }) => {
      const count = total === undefined ? String(progress) : `${progress}/${total}`;
      output.note(`… ${count}${message === undefined ? '' : ` ${printable(message)}`}`);
    },
  });
}

function tellResult(
  { output }: Context,
  { content, isError, structuredContent }: CallResult,
): void {
  for (const block of content) {
    if (block.type === 'text') output.line(block.text);
    else output.note(`[${block.type}: --json shows it]`);
  }
  if (content.length === 0 && structuredContent !== undefined) output.json(structuredContent);
  if (isError === true) output.note(output.noteStyles.red('the tool says that it failed'));
}
