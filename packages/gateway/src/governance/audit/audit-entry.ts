import type { Caller } from '../authenticate.ts';
import type { AuditTable } from '../tables.ts';

/**
 * What became of an action. `begun` is written before it is done, and has a second entry of the same
 * request after; where that is missing the process ended, or the database failed, in between.
 */
type AuditOutcome = 'begun' | 'ok' | 'denied' | 'failed';

/** Something that somebody did. */
export interface AuditEvent {
  /**
   * A key of the gateway, a token of an issuer or another credential that is no key, the admin key,
   * somebody on this machine without one, a caller without a good key, or zeke itself.
   */
  actor: 'key' | 'token' | 'certificate' | 'admin-key' | 'local' | 'unknown' | 'zeke';
  /** Of a key, or what stands for one. */
  keyId?: string | undefined;
  owner?: string | undefined;
  /** `key.create`: object and verb. */
  action: string;
  objectKind: string;
  /** Absent where the object has none, or none yet. */
  objectId?: string | undefined;
  /** Of the caller: IPv4, or an IPv6 network; absent where there is no connection. */
  address?: string | undefined;
  requestId?: string | undefined;
  outcome: AuditOutcome;
  /** What more there is to know, without secrets. */
  detail: Readonly<Record<string, unknown>>;
}

/** An entry of the log, a link of its chain. */
export interface AuditEntry extends AuditEvent {
  /** 1, 2, 3, … without gaps. */
  seq: number;
  /** Milliseconds since the epoch. */
  atMs: number;
  /** Of the entry before, 64 hex digits; zeros for the first. */
  previousHash: string;
  /** See `hashOf`. */
  hash: string;
}

/** Who a caller is on the log; absent where the request did not say, or not truly. */
export function actorOf(
  caller: Pick<Caller, 'keyId' | 'owner' | 'credential'> | undefined,
): Pick<AuditEvent, 'actor' | 'keyId' | 'owner'> {
  if (caller === undefined) return { actor: 'unknown' };
  const { credential, keyId, owner } = caller;
  if (keyId !== undefined) return { actor: actors[credential ?? 'key'], keyId, owner };
  return { actor: owner === undefined ? 'local' : 'admin-key' };
}

/** An access token of zeke's own is its key. */
const actors = {
  key: 'key',
  'access-token': 'key',
  jwt: 'token',
  certificate: 'certificate',
} as const;

/** What stands before the first entry. */
export const firstHash = '0'.repeat(64);

/**
 * The SHA-256, in hex, of a JSON array of all other columns in this order, its text as
 * `JSON.stringify` writes it: it fits no other entry, and no other place in the chain.
 */
export function hashOf(row: Omit<AuditTable, 'hash'>): string {
  const values = [
    row.seq,
    row.at_ms,
    row.actor,
    row.key_id,
    row.owner,
    row.action,
    row.object_kind,
    row.object_id,
    row.address,
    row.request_id,
    row.outcome,
    row.detail,
    row.previous_hash,
  ];
  return new Bun.CryptoHasher('sha256').update(JSON.stringify(values)).digest('hex');
}

/** The row of an event behind another one's. */
export function rowAfter(
  last: Pick<AuditTable, 'seq' | 'hash'> | undefined,
  event: AuditEvent,
  atMs: number,
): AuditTable {
  const row = {
    seq: (last?.seq ?? 0) + 1,
    at_ms: atMs,
    actor: event.actor,
    key_id: storable(event.keyId),
    owner: storable(event.owner),
    action: event.action,
    object_kind: event.objectKind,
    object_id: storable(event.objectId),
    address: storable(event.address),
    request_id: storable(event.requestId),
    outcome: event.outcome,
    detail: JSON.stringify(event.detail),
    previous_hash: last?.hash ?? firstHash,
  };
  return { ...row, hash: hashOf(row) };
}

/** An entry as users are shown it. A detail that is no JSON any more is given as its text. */
export function entryOfRow(row: AuditTable): AuditEntry {
  return {
    seq: row.seq,
    atMs: row.at_ms,
    actor: row.actor as AuditEntry['actor'],
    ...(row.key_id === null ? {} : { keyId: row.key_id }),
    ...(row.owner === null ? {} : { owner: row.owner }),
    action: row.action,
    objectKind: row.object_kind,
    ...(row.object_id === null ? {} : { objectId: row.object_id }),
    ...(row.address === null ? {} : { address: row.address }),
    ...(row.request_id === null ? {} : { requestId: row.request_id }),
    outcome: row.outcome as AuditEntry['outcome'],
    detail: detailOf(row.detail),
    previousHash: row.previous_hash,
    hash: row.hash,
  };
}

const maxChars = 500;

/** Text that both databases keep as it is: well-formed, without NUL, and not endless. */
function storable(text: string | undefined): string | null {
  if (text === undefined) return null;
  return text.slice(0, maxChars).toWellFormed().replaceAll('\0', '\ufffd');
}

function detailOf(text: string): AuditEntry['detail'] {
  try {
    return JSON.parse(text);
  } catch {
    return { text };
  }
}
