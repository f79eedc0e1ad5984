import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecretStore, Secret, writeFileAtomically, zekeHome } from '@zeke/foundation';
import type { Context } from './context.ts';

type Place = Pick<Context, 'cwd' | 'environment'>;

/** Somebody who has logged in at a gateway from this command line. */
export interface Login {
  /** Of the gateway, without a slash at its end. */
  readonly url: string;
  readonly key: string;
  readonly owner: string;
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number;
}

/** What stands in `$ZEKE_HOME/logins.json`, by the gateway's address: all but the keys. */
type LoginNotes = Readonly<Record<string, Pick<Login, 'owner' | 'expiresAtMs'>>>;

/** Keeps a login: the key among the user's secrets, the rest in `$ZEKE_HOME/logins.json`. */
export async function keepLogin(place: Place, { url, key, ...note }: Login): Promise<void> {
  const store = await secretsOf(place);
  await store.set(secretName(url), new Secret(key));
  await writeNotes(place, { ...(await readNotes(place)), [url]: note });
}

/** The login at a gateway, where there is one that holds. Secrets are opened only then. */
export async function loginAt(
  place: Place,
  url: string,
  nowMs: number,
): Promise<Login | undefined> {
  const note = (await readNotes(place))[url];
  if (note === undefined || note.expiresAtMs <= nowMs) return undefined;
  const store = await secretsOf(place);
  const key = await store.get(secretName(url));
  return key && { url, key: key.reveal(), ...note };
}

/** Forgets a login. False where there was none. */
export async function forgetLogin(place: Place, url: string): Promise<boolean> {
  const { [url]: note, ...others } = await readNotes(place);
  if (note === undefined) return false;
  const store = await secretsOf(place);
  await store.delete(secretName(url));
  await writeNotes(place, others);
  return true;
}

function secretsOf({ cwd, environment }: Place) {
  return createSecretStore({ home: zekeHome(environment, cwd), environment });
}

/** Addresses have characters that names of secrets have not. */
function secretName(url: string): string {
  return `login/${new Bun.CryptoHasher('sha256').update(url).digest('hex').slice(0, 32)}`;
}

function fileOf({ cwd, environment }: Place): string {
  return join(zekeHome(environment, cwd), 'logins.json');
}

/** A file that is damaged counts as none: to log in again is all that it takes. */
async function readNotes(place: Place): Promise<LoginNotes> {
  try {
    const notes: unknown = JSON.parse(await readFile(fileOf(place), 'utf8'));
    const entries = Object.entries(notes ?? {}).filter(([, note]) => isNote(note));
    return Object.fromEntries(entries);
  } catch {
    return {};
  }
}

function isNote(note: unknown): boolean {
  const { owner, expiresAtMs } = (note ?? {}) as Record<string, unknown>;
  return typeof owner === 'string' && typeof expiresAtMs === 'number';
}

async function writeNotes(place: Place, notes: LoginNotes): Promise<void> {
  await writeFileAtomically(fileOf(place), `${JSON.stringify(notes, null, 2)}\n`, 0o600);
}
