import { RpcError } from '@zeke/rpc';
import type { ToolCallPart } from '../model/model-client.ts';
import type { Tool } from '../tools/tool.ts';
import { callTitle } from './call-title.ts';
import { readArguments } from './read-arguments.ts';
import type { ToolRegistry } from './tool-registry.ts';

/** A call as it was asked for: fit to run, or what is wrong with it. */
export interface PreparedCall {
  readonly part: ToolCallPart;
  readonly title: string;
  /** Tells a call from others: its tool with its arguments. */
  readonly key: string;
  readonly runnable: { readonly tool: Tool; readonly input: unknown } | undefined;
  /** For the model, what to do better; empty for a runnable call. */
  readonly fault: string;
}

/** Finds the tool of a call and reads its arguments. */
export function prepareCall(part: ToolCallPart, registry: ToolRegistry): PreparedCall {
  const read = readArguments(part.arguments);
  const title = callTitle(part.name, read.ok ? read.value : {});
  const key = `${part.name} ${read.ok ? JSON.stringify(read.value) : part.arguments}`;
  const fail = (fault: string): PreparedCall => ({ part, title, key, runnable: undefined, fault });
  const tool = registry.get(part.name);
  if (tool === undefined) return fail(unknownTool(part.name, registry));
  if (!read.ok) return fail(`${tool.name}: ${read.fault}`);
  try {
    return { part, title, key, runnable: { tool, input: tool.parse(read.value) }, fault: '' };
  } catch (error) {
    return fail(`${RpcError.from(error).message}. Look at the tool's parameters and call it again`);
  }
}

function unknownTool(name: string, registry: ToolRegistry): string {
  const near = registry.nearest(name);
  const meant = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : '';
  const search = registry.isDeferring ? ' search_tools finds more tools.' : '';
  return `There is no tool ${name}.${meant}${search}`;
}
