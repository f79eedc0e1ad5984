import { createHmac, randomBytes } from 'node:crypto';
import { RpcError } from '@zeke/rpc';
import { keyBytes } from './aes-gcm.ts';

/** Where a master key is kept. */
export const masterKeyPlaces = ['keychain', 'file', 'environment'] as const;

export type MasterKeyPlace = (typeof masterKeyPlaces)[number];

/** The key that wraps the keys of secrets. */
export interface MasterKey {
  /** 16 hex digits that tell one key from another and nothing about it. */
  readonly id: string;
  readonly place: MasterKeyPlace;
  /** 32 of them. */
  readonly bytes: Uint8Array;
}

/** A key that nobody else has. */
export function newMasterKey(place: MasterKeyPlace): MasterKey {
  return masterKey(randomBytes(keyBytes), place);
}

/** How keys are written: base64, one a line. */
export function writeMasterKeys(keys: readonly MasterKey[]): string {
  return keys.map(({ bytes }) => `${Buffer.from(bytes).toString('base64')}\n`).join('');
}

/**
 * Keys of a text, each in base64 or hex, parted by line breaks, spaces or commas. The first is the
 * one in use, the others are older. Throws `failed_precondition` that names `source` where one is
 * none.
 */
export function readMasterKeys(
  text: string,
  place: MasterKeyPlace,
  source: string,
): readonly [MasterKey, ...MasterKey[]] {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const bytes = words.map((word) =>
    /^[0-9a-f]{64}$/i.test(word) ? Buffer.from(word, 'hex') : Buffer.from(word, 'base64'),
  );
  const [first, ...others] = bytes.map((each) => masterKey(each, place));
  if (first !== undefined && bytes.every(({ length }) => length === keyBytes)) {
    return [first, ...others];
  }
  throw new RpcError(
    'failed_precondition',
    `${source} is not a key: it must be ${keyBytes} bytes in base64 or hex, as openssl rand -base64 ${keyBytes} prints them`,
  );
}

/** A key of these bytes. */
function masterKey(bytes: Uint8Array, place: MasterKeyPlace): MasterKey {
  const id = createHmac('sha256', bytes).update('zeke master key').digest('hex').slice(0, 16);
  return { id, place, bytes };
}
