import type { QuestionField } from '@zeke/protocol/reaper';
import { RpcError } from '@zeke/rpc';
import type { Context } from '../context.ts';
import { openBrowser } from '../open-browser.ts';
import { type Output, printable } from '../output.ts';
import type { LineReader } from './line-reader.ts';

/** What an MCP server asks a person: its own words. */
export interface ShownQuestion {
  readonly server: string;
  readonly message: string;
  /** Empty: a form. */
  readonly url: string;
  readonly fields: readonly ShownField[];
}

type ShownField = Pick<
  QuestionField,
  'name' | 'type' | 'title' | 'description' | 'required' | 'options' | 'format' | 'default'
>;

type Value = string | number | boolean | string[];

export type QuestionReply =
  | { readonly action: 'accept'; readonly content: Readonly<Record<string, Value>> }
  | { readonly action: 'decline' };

/** Shows a question as somebody else's words, with whose they are. */
export function showQuestion(output: Output, question: ShownQuestion, indent = ''): void {
  const { bold, dim, yellow } = output.noteStyles;
  const { message, server, url } = question;
  output.note(`${indent}${yellow('?')} the MCP server ${bold(printable(server))} asks:`);
  output.note(`${indent}  ${dim('│')} ${printable(message)}`);
  if (url === '') return;
  output.note(`${indent}  it wants to send you to ${bold(printable(URL.parse(url)?.host ?? ''))}:`);
  output.note(`${indent}  ${printable(url)}`);
}

/**
 * Has a person answer a question that is shown already, and hands the reply to `send`; where that throws
 * `invalid_argument` they are told why, and asked again. Ends without a reply when the signal is aborted.
 */
export async function askQuestion(
  { output }: Context,
  question: ShownQuestion,
  lines: LineReader,
  send: (reply: QuestionReply) => void | Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const reply = await replyTo(question, lines, output, signal);
    if (reply === undefined) return;
    try {
      await send(reply);
      if (question.url !== '' && reply.action === 'accept') openBrowser(question.url);
      return;
    } catch (error) {
      const { code, message } = RpcError.from(error);
      output.note(`zeke: ${printable(message)}`);
      if (code !== 'invalid_argument') return;
    }
  }
}

async function replyTo(
  question: ShownQuestion,
  lines: LineReader,
  output: Output,
  signal: AbortSignal,
): Promise<QuestionReply | undefined> {
  const { bold } = output.noteStyles;
  const what = question.url === '' ? 'answer it?' : 'open it in your browser?';
  for (;;) {
    output.note(bold(`  ${what} y yes, n no (the server is told so):`));
    const line = (await lines.next(signal))?.trim().toLowerCase();
    if (line === undefined) return gone(signal);
    if (line === 'n' || line === 'no') return { action: 'decline' };
    if (line === 'y' || line === 'yes') break;
  }
  const content: Record<string, Value> = {};
  for (const field of question.fields) {
    const value = await fieldValue(field, lines, output, signal);
    if (value === 'gone') return gone(signal);
    if (value !== undefined) content[field.name] = value.given;
  }
  return { action: 'accept', content };
}

/** Who closes the input answers nothing more; whose run ends need not. */
function gone(signal: AbortSignal): QuestionReply | undefined {
  return signal.aborted ? undefined : { action: 'decline' };
}

/** Undefined where nothing is given, and nothing has to be. */
async function fieldValue(
  field: ShownField,
  lines: LineReader,
  output: Output,
  signal: AbortSignal,
): Promise<{ readonly given: Value } | undefined | 'gone'> {
  const { default: preset, required } = field;
  showField(field, output);
  for (;;) {
    const line = (await lines.next(signal))?.trim();
    if (line === undefined) return 'gone';
    if (line !== '') {
      const given = read(field, line);
      if (given !== undefined) return { given };
      output.note(`  ${hintOf(field)}`);
    } else if (preset !== '') return { given: JSON.parse(preset) as Value };
    else if (!required) return undefined;
    else output.note('  it is needed');
  }
}

function showField(field: ShownField, output: Output): void {
  const { bold, dim } = output.noteStyles;
  const { default: preset, description, name, options, required, title } = field;
  const label = title === '' ? name : `${title} (${name})`;
  const about = description === '' ? '' : ` ${dim(printable(description))}`;
  output.note(`  ${bold(printable(label))}${about}`);
  options.forEach((option, at) => {
    const meaning = option.title === option.value ? '' : ` ${dim(printable(option.title))}`;
    output.note(`    ${at + 1} ${printable(option.value)}${meaning}`);
  });
  const otherwise = preset === '' ? (required ? '' : ', empty: nothing') : `, empty: ${preset}`;
  output.note(dim(`  ${hintOf(field)}${printable(otherwise)}`));
}

function hintOf({ format, type }: ShownField): string {
  switch (type) {
    case 'boolean':
      return 'y or n';
    case 'number':
      return 'a number';
    case 'integer':
      return 'a whole number';
    case 'choice':
      return 'one of them, or its number';
    case 'choices':
      return 'some of them, or their numbers, with commas between';
    default:
      return format === '' ? 'a text' : `a text: ${format}`;
  }
}

/** Undefined for what it cannot be; what else is wrong with it is found by who asks. */
function read({ options, type }: ShownField, line: string): Value | undefined {
  const option = (text: string): string | undefined =>
    options.find(({ value }) => value === text)?.value ?? options[Number(text) - 1]?.value;
  switch (type) {
    case 'boolean':
      return ({ y: true, yes: true, true: true, n: false, no: false, false: false } as const)[
        line.toLowerCase() as 'y'
      ];
    case 'number':
    case 'integer':
      return Number.isNaN(Number(line)) ? undefined : Number(line);
    case 'choice':
      return option(line);
    case 'choices': {
      const chosen = line.split(',').map((each) => option(each.trim()));
      return chosen.every((each) => each !== undefined) ? chosen : undefined;
    }
    default:
      return line;
  }
}
