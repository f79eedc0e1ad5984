import type { CallToolResult, Tool } from '@modelcontextprotocol/client';
import { RpcError } from '@zeke/rpc';
import { cappedResult } from './cap-result.ts';
import { type SchemaCheck, schemaCheck } from './check-schema.ts';
import type { CallOptions } from './hub-types.ts';
import { requiredVisits } from './required-visits.ts';
import type { ServerLink } from './server-link.ts';

/** Made with the first call of a tool. */
const checks = new WeakMap<object, SchemaCheck>();

/**
 * Calls a tool with arguments that its schema takes, and gives a result no larger than it may be. One that
 * is not what the tool's own schema says it would be is marked, and no failure: it may be of use.
 */
export async function callTool(
  link: ServerLink,
  tool: Tool,
  args: Readonly<Record<string, unknown>>,
  options: CallOptions,
): Promise<CallToolResult> {
  const fault = checkOf(tool.inputSchema)(withoutNothings(tool, args));
  if (fault !== undefined) {
    throw new RpcError('invalid_argument', `${tool.name} of ${link.config.name}: ${fault}`);
  }
  try {
    const result = await link.use(
      (client, request) => client.callTool({ name: tool.name, arguments: { ...args } }, request),
      options,
    );
    return cappedResult(checked(tool, result), link.config.maxResultBytes);
  } catch (error) {
    const told = await requiredVisits(error, link.config.name, link.questions, options);
    if (told === undefined) throw error;
    return told;
  }
}

/** Models say null for what they leave out; what is required is not left out. */
function withoutNothings(
  { inputSchema: { required = [] } }: Tool,
  args: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const said = Object.entries(args).filter(
    ([name, value]) => value !== null || required.includes(name),
  );
  return Object.fromEntries(said);
}

function checked({ outputSchema }: Tool, result: CallToolResult): CallToolResult {
  const { content = [], isError, structuredContent } = result;
  if (outputSchema === undefined || structuredContent === undefined || isError) return result;
  const fault = checkOf(outputSchema)(structuredContent);
  if (fault === undefined) return result;
  const { structuredContent: _unfit, ...rest } = result;
  const text = `[the server breaks its own schema: ${fault}]`;
  const said =
    structuredContent === undefined
      ? []
      : [{ type: 'text' as const, text: jsonOf(structuredContent) }];
  return { ...rest, content: [{ type: 'text', text }, ...(content.length > 0 ? content : said)] };
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}

function checkOf(schema: object): SchemaCheck {
  const known = checks.get(schema);
  if (known !== undefined) return known;
  const check = schemaCheck(schema as Readonly<Record<string, unknown>>);
  checks.set(schema, check);
  return check;
}
