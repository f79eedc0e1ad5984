import type { Transport } from '../core/call.ts';
import type { Metadata } from '../core/metadata.ts';
import type { Context } from './context.ts';
import type { ServerFlags } from './flags.ts';
import { parseMetadata } from './metadata.ts';
import { loadSchema, namesFiles } from './schema/load-schema.ts';
import type { Schema } from './schema/schema.ts';
import { openTarget } from './target/open-target.ts';
import { type Target, targetOf } from './target/target.ts';

/** A server and what it serves. */
export interface OpenServer extends AsyncDisposable {
  readonly target: Target;
  readonly transport: Transport;
  readonly schema: Schema;
  /** Of the flags; it goes with every call. */
  readonly metadata: Metadata;
}

/** How long open calls and the bytes of a cancelled one may take at the end, in milliseconds. */
const closeLimitMs = 1_000;

/**
 * Opens the target of the flags or of the argument, with its schema; nothing is sent yet.
 * @throws RpcError as `targetOf`, `openTarget` and `loadSchema`.
 */
export async function openServer(
  context: Context,
  argument: string | undefined,
  flags: ServerFlags,
): Promise<OpenServer> {
  const target = targetOf(flags, argument, context.environment.ZRPC_TARGET);
  const metadata = parseMetadata(flags.header ?? []);
  const transport = await openTarget(target, flags);
  const schema = await loadSchema(flags, {
    transport,
    name: target.name,
    metadata,
    timeoutMs: flags.timeout,
    signal: context.interrupts.signal,
  });
  return {
    target,
    transport,
    schema,
    metadata,
    [Symbol.asyncDispose]: () => closeWithin(transport),
  };
}

/** The schema alone: no server is needed where files have it. */
export async function openSchema(
  context: Context,
  argument: string | undefined,
  flags: ServerFlags,
): Promise<{ readonly schema: Schema } & AsyncDisposable> {
  if (!namesFiles(flags)) return await openServer(context, argument, flags);
  return { schema: await loadSchema(flags, undefined), [Symbol.asyncDispose]: async () => {} };
}

/** Closes it in good order, as far as that takes no time worth speaking of. */
export async function closeWithin(transport: Transport): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, closeLimitMs);
  });
  // How the connection ends is nobody's concern any more.
  await Promise.race([transport.close().catch(() => {}), limit]);
  clearTimeout(timer);
}
