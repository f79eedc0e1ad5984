import { resolve } from 'node:path';
import type { HooksResult } from '../hooks/run-hooks.ts';
import type { ToolOutput } from '../tools/tool.ts';
import type { PreparedCall } from './prepare-call.ts';
import type { RunParts } from './run-parts.ts';

/** What ends a run. */
export type HookStop = { readonly reason: 'denied'; readonly message: string };

/** Hooks before a call that rules do not deny: they can deny it, or have a person asked. */
export async function beforeCall(call: PreparedCall, parts: RunParts): Promise<HooksResult> {
  const { part } = call;
  const about = { toolName: part.name, callId: part.id };
  return await parts.hooks.at('PreToolUse', fieldsOf(call, parts), about);
}

/** Hooks after a call that did not fail: what they say is added to what the model is told. */
export async function afterCall(
  call: PreparedCall,
  output: ToolOutput,
  parts: RunParts,
): Promise<{ readonly output: ToolOutput; readonly stop: HookStop | undefined }> {
  const { part } = call;
  if (output.isError === true || !parts.hooks.has('PostToolUse', part.name)) {
    return { output, stop: undefined };
  }
  const about = { toolName: part.name, callId: part.id };
  const response = { text: output.text, is_error: false };
  const fields = { ...fieldsOf(call, parts), tool_response: response };
  const result = await parts.hooks.at('PostToolUse', fields, about);
  const said = [result.reason, result.context].filter(Boolean).join('\n');
  const text = said === '' ? output.text : `${output.text}\n[A hook says: ${said}]`;
  return { output: { ...output, text }, stop: stopOf(result) };
}

/** Undefined where no hook says that the run is to end. */
export function stopOf({ stop }: HooksResult): HookStop | undefined {
  if (stop === undefined) return undefined;
  return { reason: 'denied', message: `a hook ended the run: ${stop}` };
}

/** By the names that hooks for Claude Code look for: `file_path` is absolute. */
function fieldsOf({ part, runnable }: PreparedCall, { cwd }: RunParts): Record<string, unknown> {
  const input = (runnable?.input ?? {}) as Readonly<Record<string, unknown>>;
  const file = typeof input.path === 'string' ? { file_path: resolve(cwd, input.path) } : {};
  return { tool_name: part.name, tool_use_id: part.id, tool_input: { ...input, ...file } };
}
