import type { Transport } from '../../../core/call.ts';
import type { Metadata } from '../../../core/metadata.ts';
import type { ServerFlags } from '../../flags.ts';
import { loadSchema, namesFiles } from '../../schema/load-schema.ts';
import { noSchema, type Schema } from '../../schema/schema.ts';
import { openTarget } from '../../target/open-target.ts';
import { type Target, targetOf } from '../../target/target.ts';

/** The server that a session talks to. */
export interface Connection {
  readonly target: Target;
  readonly transport: Transport;
}

/**
 * Opens a target, with the flags for connections that the command was given; nothing is sent yet.
 * @throws RpcError for a text that names no target, and for flags that it has no use for.
 */
export async function openConnection(
  argument: string | undefined,
  flags: ServerFlags,
): Promise<Connection> {
  const target = targetOf(flags, argument, undefined);
  return { target, transport: await openTarget(target, flags) };
}

/** The flags without those that name a target. */
export function withoutTarget(flags: ServerFlags): ServerFlags {
  const { grpc, h3, uds, shm, ws, quic, connect, grpcWeb, ...rest } = flags;
  return rest;
}

/** The schema of the flags' files, or of the server's reflection, which sees these headers. */
export async function schemaFor(
  connection: Connection | undefined,
  flags: ServerFlags,
  headers: Metadata,
): Promise<Schema> {
  if (connection === undefined && !namesFiles(flags)) return noSchema;
  return await loadSchema(
    flags,
    connection && {
      transport: connection.transport,
      name: connection.target.name,
      metadata: headers.clone(),
      timeoutMs: flags.timeout,
    },
  );
}

/** `localhost:50051`, `shop.sock`: what a prompt has room for. */
export function shortName({ name }: Target): string {
  const plain = name.replace(/^[a-z0-9+-]+:(?:\/\/)?/i, '').replace(/\/$/, '');
  return name.includes('unix:') || name.startsWith('shm:')
    ? (plain.split('/').at(-1) ?? plain)
    : plain;
}
