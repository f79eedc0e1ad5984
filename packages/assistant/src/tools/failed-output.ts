import { RpcError } from '@zeke/rpc';
import type { ToolOutput } from './tool.ts';

/**
 * Runs the work of a call. What goes wrong in it and can be told, an `RpcError`, becomes the output
 * that a model reads; a cancel and a defect are thrown on.
 */
export async function withFailuresTold(work: () => Promise<ToolOutput>): Promise<ToolOutput> {
  try {
    return await work();
  } catch (reason) {
    if (!(reason instanceof RpcError)) throw reason;
    if (reason.code === 'canceled' || reason.code === 'internal') throw reason;
    return { text: reason.message, isError: true, summary: reason.message.split('\n', 1)[0] ?? '' };
  }
}
