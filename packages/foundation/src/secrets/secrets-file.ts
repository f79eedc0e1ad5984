import { readFile, stat } from 'node:fs/promises';
import { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import { notWritable } from '../files/not-writable.ts';
import { writeFileAtomically } from '../files/write-file-atomically.ts';
import { masterKeyPlaces } from './master-key.ts';
import { isSecretName } from './secret-name.ts';

/** A file that is larger is none of ours. */
const maxFileBytes = 64 * 1024 * 1024;

/** Secrets that one file may hold. */
export const maxSecrets = 10_000;

const name = z.string().refine(isSecretName);
const base64 = z.base64();
const timeMs = z.int().min(0);

const sealedSchema = z.strictObject({
  /** Grows with every new value, from 1. */
  version: z.int().min(1),
  createdAtMs: timeMs,
  updatedAtMs: timeMs,
  /** This version's own key, sealed with the master key. */
  key: base64,
  /** The value, sealed with that key. */
  value: base64,
});

const currentSchema = z.strictObject({
  version: z.literal(2),
  /** Which master key it takes, and where that was kept. */
  master: z.strictObject({
    id: z.string().regex(/^[0-9a-f]{16}$/),
    place: z.enum(masterKeyPlaces),
  }),
  secrets: z.record(name, sealedSchema),
});

/** The first format: each value sealed with the key itself, its name bound to it. */
const oldSchema = z.strictObject({
  version: z.literal(1),
  secrets: z.record(name, z.strictObject({ iv: base64, data: base64 })),
});

const fileSchema = z.discriminatedUnion('version', [currentSchema, oldSchema]);

export type SealedSecret = z.infer<typeof sealedSchema>;
export type CurrentSecretsFile = z.infer<typeof currentSchema>;
export type OldSecretsFile = z.infer<typeof oldSchema>;

/**
 * Reads `secrets.json`; undefined where there is none. Throws `failed_precondition` when it cannot
 * be read, `data_loss` when it is damaged.
 */
export async function readSecretsFile(
  path: string,
): Promise<CurrentSecretsFile | OldSecretsFile | undefined> {
  try {
    if ((await stat(path)).size > maxFileBytes) throw damaged(path, 'it is far too big');
    return parseSecretsFile(await readFile(path, 'utf8'), path);
  } catch (cause) {
    if (cause instanceof RpcError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new RpcError('failed_precondition', `${path}: cannot be read (${code})`, { cause });
  }
}

/** The file's text as data. Throws `data_loss`, which says where it is damaged and holds none of it. */
export function parseSecretsFile(text: string, path: string): CurrentSecretsFile | OldSecretsFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw damaged(path, text.trimEnd().endsWith('}') ? 'it is not JSON' : 'its end is missing');
  }
  const version = (json as { version?: unknown } | null)?.version;
  if (typeof version === 'number' && version > 2) {
    throw new RpcError(
      'failed_precondition',
      `${path} was written by a newer zeke (format ${version}); use that one`,
    );
  }
  const { data, error } = fileSchema.safeParse(json);
  if (data === undefined) throw damaged(path, `at ${placeOf(error.issues[0]?.path ?? [])}`);
  if (Object.keys(data.secrets).length <= maxSecrets) return data;
  throw damaged(path, `it holds more than ${maxSecrets} secrets`);
}

/** Replaces the file in one step, for its owner alone. Throws `failed_precondition` where it cannot. */
export async function writeSecretsFile(
  path: string,
  file: CurrentSecretsFile | OldSecretsFile,
): Promise<void> {
  try {
    await writeFileAtomically(path, `${JSON.stringify(file, null, 2)}\n`, 0o600);
  } catch (cause) {
    throw notWritable(path, cause);
  }
}

function damaged(path: string, where: string): RpcError {
  return new RpcError(
    'data_loss',
    `${path} is damaged (${where}): restore a backup, or move it away`,
  );
}

function placeOf(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'its beginning' : path.map(String).join('.').slice(0, 300);
}
