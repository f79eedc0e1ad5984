import { randomBytes } from 'node:crypto';
import { decrypt, encrypt, keyBytes } from './aes-gcm.ts';
import type { MasterKey } from './master-key.ts';
import { Secret } from './secret.ts';
import type { OldSecretsFile, SealedSecret } from './secrets-file.ts';

/** What of a secret is no secret. */
export interface SecretFacts {
  readonly name: string;
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/**
 * Seals a value with a key of its own, and that key with the master key. Name and version are bound
 * to both, the times to the value: a record that was moved or mixed with another does not open.
 */
export function sealSecret(master: MasterKey, facts: SecretFacts, value: Secret): SealedSecret {
  const { name, ...rest } = facts;
  const key = randomBytes(keyBytes);
  return {
    ...rest,
    key: encrypt(master.bytes, key, keyBinding(facts)).toString('base64'),
    value: encrypt(key, Buffer.from(value.reveal()), valueBinding(facts)).toString('base64'),
  };
}

/** The value; undefined where the record, its name or the master key is not as it was. */
export function openSecret(
  master: MasterKey,
  name: string,
  sealed: SealedSecret,
): Secret | undefined {
  const facts = { name, ...sealed };
  const key = decrypt(master.bytes, Buffer.from(sealed.key, 'base64'), keyBinding(facts));
  if (key?.length !== keyBytes) return undefined;
  const value = decrypt(key, Buffer.from(sealed.value, 'base64'), valueBinding(facts));
  return value === undefined ? undefined : new Secret(value.toString('utf8'));
}

/** The same record for another master key, its value untouched; undefined where it does not open. */
export function rewrapSecret(
  from: MasterKey,
  to: MasterKey,
  name: string,
  sealed: SealedSecret,
): SealedSecret | undefined {
  const bound = keyBinding({ name, ...sealed });
  const key = decrypt(from.bytes, Buffer.from(sealed.key, 'base64'), bound);
  if (key === undefined) return undefined;
  return { ...sealed, key: encrypt(to.bytes, key, bound).toString('base64') };
}

/** A value of the first format; undefined where it was written with another key, or is damaged. */
export function openOldSecret(
  key: MasterKey,
  name: string,
  { iv, data }: OldSecretsFile['secrets'][string],
): Secret | undefined {
  const sealed = Buffer.concat([Buffer.from(iv, 'base64'), Buffer.from(data, 'base64')]);
  const value = decrypt(key.bytes, sealed, Buffer.from(name));
  return value === undefined ? undefined : new Secret(value.toString('utf8'));
}

function keyBinding({ name, version }: SecretFacts): Buffer {
  return Buffer.from(JSON.stringify(['zeke secret key', name, version]));
}

function valueBinding({ name, version, createdAtMs, updatedAtMs }: SecretFacts): Buffer {
  const bound = ['zeke secret value', name, version, createdAtMs, updatedAtMs];
  return Buffer.from(JSON.stringify(bound));
}
