import type { Storage } from '@zeke/foundation';
import { sql } from 'kysely';
import type { GatewayTables, RetiredSecretTable } from './tables.ts';

/** A secret of a key that a rotation has replaced. Times are milliseconds since the epoch. */
export interface RetiredSecret {
  last4: string;
  retiredAtMs: number;
  /** Until then it works beside the new one. */
  validUntilMs: number;
  /** After it was replaced; absent where nobody has used it since. */
  lastUsedAtMs?: number;
}

/** How long after a rotation lists of keys tell of it. */
const toldForMs = 30 * 86_400_000;

/** What is kept of replaced secrets: their hashes, for as long as there is the key. */
export class RetiredSecrets {
  readonly #storage: Storage<GatewayTables>;
  readonly #used = new Map<string, number>();

  constructor(storage: Storage<GatewayTables>) {
    this.#storage = storage;
  }

  /** The secret of this hash, and whose it was. */
  async find(hash: string): Promise<{ keyId: string; secret: RetiredSecret } | undefined> {
    const row = await this.#storage.db
      .selectFrom('gateway_retired_secrets')
      .selectAll()
      .where('sha256', '=', hash)
      .executeTakeFirst();
    return row && { keyId: row.key_id, secret: secretOfRow(row) };
  }

  /** Those of the last 30 days by key, the last replaced first; of one key where it is named. */
  async recent(nowMs: number, keyId?: string): Promise<ReadonlyMap<string, RetiredSecret[]>> {
    let select = this.#storage.db
      .selectFrom('gateway_retired_secrets')
      .selectAll()
      .where('retired_at_ms', '>', nowMs - toldForMs)
      .orderBy('retired_at_ms', 'desc');
    if (keyId !== undefined) select = select.where('key_id', '=', keyId);
    const byKey = Map.groupBy(await select.execute(), (row) => row.key_id);
    return new Map([...byKey].map(([id, rows]) => [id, rows.map(secretOfRow)]));
  }

  /** Notes that it was used, to be written with others. */
  used(hash: string, atMs: number): void {
    this.#used.set(hash, atMs);
  }

  /** Writes when they were used; a later time that another process wrote stays. */
  async writeUsed(): Promise<void> {
    const used = [...this.#used];
    this.#used.clear();
    for (const [index, [hash, atMs]] of used.entries()) {
      try {
        await this.#storage.db
          .updateTable('gateway_retired_secrets')
          .set({ last_used_at_ms: atMs })
          .where('sha256', '=', hash)
          .where(sql<boolean>`coalesce(last_used_at_ms, 0) < ${atMs}`)
          .execute();
      } catch (error) {
        for (const [other, at] of used.slice(index)) {
          this.#used.set(other, Math.max(at, this.#used.get(other) ?? 0));
        }
        throw error;
      }
    }
  }
}

function secretOfRow(row: RetiredSecretTable): RetiredSecret {
  return {
    last4: row.last4,
    retiredAtMs: row.retired_at_ms,
    validUntilMs: row.valid_until_ms,
    ...(row.last_used_at_ms === null ? {} : { lastUsedAtMs: row.last_used_at_ms }),
  };
}
