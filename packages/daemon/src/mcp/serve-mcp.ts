import { type StandardIo, serveStandardIo } from '@zeke/mcp';
import { type CompositionOptions, compose } from '../compose.ts';
import { openMcp } from './open-mcp.ts';
import { keylessCallers } from './record-call.ts';

export interface ServeMcpOptions extends CompositionOptions {
  /** The folder whose project tools work in. */
  readonly cwd: string;
  readonly io: StandardIo;
  readonly signal: AbortSignal;
}

/**
 * `zeke mcp serve`: an MCP server for the program that has started this one, over standard input and output,
 * until that program ends it. The log goes to standard error.
 */
export async function serveMcp(options: ServeMcpOptions): Promise<void> {
  const { config, cwd, environment, io, now, signal } = options;
  await using parts = await compose(options);
  const { gateway, log } = parts;
  const assistant = () => parts.assistant.get();
  const sources = { config, environment, gateway, log, now, assistant };
  await using mcp = await openMcp({ ...sources, folder: cwd });
  await serveStandardIo(mcp.server, { id: keylessCallers.parent }, io, signal);
}
