import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import type { ServeMcpFlags } from '../commands/mcp-serve.ts';
import { loadOptions, readConfig } from '../config.ts';
import type { Context } from '../context.ts';

/** `zeke mcp serve`: ends with standard input. Nothing but messages goes to standard output. */
export async function serveMcpHere(context: Context, flags: ServeMcpFlags): Promise<void> {
  const { cwd, environment, interrupts, output, stdin } = context;
  const [{ config }, { serveMcp }] = await Promise.all([
    readConfig(loadOptions(context, flags)),
    import('@zeke/daemon/mcp'),
  ]);
  await serveMcp({
    config,
    environment,
    fetch,
    now: Date.now,
    cwd: flags.project === undefined ? cwd : resolve(cwd, flags.project),
    io: {
      input: Readable.toWeb(stdin) as ReadableStream<Uint8Array>,
      write: async (text) => {
        output.write(text);
        await output.flush();
      },
    },
    signal: interrupts.signal,
  });
}
