import type { Transport } from '../../core/call.ts';
import type { MetadataInit } from '../../core/metadata.ts';
import { RpcError } from '../../rpc-error.ts';
import type { SchemaFiles } from './file-schema.ts';
import type { Schema } from './schema.ts';

/** A server that can be asked. */
export interface SchemaServer {
  readonly transport: Transport;
  /** For messages. */
  readonly name: string;
  readonly metadata?: MetadataInit;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal;
}

/**
 * The schema of the files that the flags name, or else of the server's reflection.
 * @throws RpcError as `fileSchema`; invalid_argument when there is neither.
 */
export async function loadSchema(
  flags: SchemaFiles,
  server: SchemaServer | undefined,
): Promise<Schema> {
  if (namesFiles(flags)) {
    const { fileSchema } = await import('./file-schema.ts');
    return await fileSchema(flags);
  }
  if (flags.importPath !== undefined) {
    throw new RpcError('invalid_argument', '--import-path is for --proto, which is not given');
  }
  if (server === undefined) {
    throw new RpcError(
      'invalid_argument',
      'there is nothing to look into: give a target, --proto or --descriptor-set',
    );
  }
  const { ReflectedSchema } = await import('./reflected-schema.ts');
  return new ReflectedSchema(server.transport, server);
}

/** Whether no server is needed to know the schema. */
export function namesFiles({ proto, descriptorSet }: SchemaFiles): boolean {
  return proto !== undefined || descriptorSet !== undefined;
}
