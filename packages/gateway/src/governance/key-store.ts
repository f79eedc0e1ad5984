import { createLogger, hashSecret, type Storage } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { sql } from 'kysely';
import { apiError } from '../neutral/api-error.ts';
import { Outage } from './outage.ts';
import type { Role } from './permissions.ts';
import { type RetiredSecret, RetiredSecrets } from './retired-secrets.ts';
import type { GatewayTables, KeyTable } from './tables.ts';

/** When something of the hierarchy was read, to know later whether it may still be believed. */
export interface ReadMark {
  readonly generation: number;
  readonly readAt: number;
}

/** What every key begins with. */
export const keyPrefix = 'zk-';
const secretBytes = 32;

export const keyScopes = ['inference', 'admin'] as const;
/** `inference` calls models; `admin` also reads and changes keys, usage and providers. */
export type KeyScope = (typeof keyScopes)[number];

/** A key without its secret. Times are milliseconds since the epoch. */
export interface ApiKey {
  id: string;
  name: string;
  owner: string;
  scopes: KeyScope[];
  /** Patterns of model names, `*` for any run of characters; undefined allows every model. */
  allowedModels?: string[];
  last4: string;
  createdAtMs: number;
  expiresAtMs?: number;
  revokedAtMs?: number;
  lastUsedAtMs?: number;
  /** Whose it is; with `teamId` and `orgId`, that its use counts for. */
  userId?: string;
  teamId?: string;
  orgId?: string;
  /** The user's; `member` for a key of a team; absent for the operator's keys. */
  role?: Role;
  /** By whose rates it is limited; absent for the default tier. */
  tier?: string;
  /** No provider elsewhere is asked for its requests. */
  privacy?: 'local_only';
  /** Where somebody logged in to make it; absent for keys that were made otherwise. */
  login?: LoginPlace;
  /** What rotations of the last 30 days have replaced, the latest first; absent where there was none. */
  retired?: RetiredSecret[];
}

/** From where people log in. */
export type LoginPlace = 'browser' | 'command-line';

/** A key as somebody sent its secret. */
export interface SentKey extends ApiKey {
  /** The secret is not the key's own any more, but one that a rotation has replaced. */
  sentRetired?: RetiredSecret;
}

export interface CreateKeyOptions {
  name: string;
  owner: string;
  scopes?: KeyScope[];
  allowedModels?: string[];
  expiresAtMs?: number;
  /** Both are there, and of one organisation. */
  userId?: string;
  teamId?: string;
  tier?: string;
  privacy?: 'local_only';
  /** The key is what a login gives. */
  login?: LoginPlace;
  /** Of the user, in place of its own, as the provider of a login says. */
  role?: Role;
}

export interface KeyStoreOptions {
  storage: Storage<GatewayTables>;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Absent: while the database is away nobody is let in whom it has not just confirmed. */
  outage?: Outage;
  /** Told when other processes must read keys again. */
  onChange?: () => void;
}

/**
 * API keys: `zk-` and 32 random bytes in base64url. The secret is given once, by `create`; what is
 * stored is its SHA-256, which needs no salt or stretching since the secret is random.
 *
 * Look-ups are kept in memory. A key revoked in this process is forgotten at once, one revoked by
 * another process as soon as the database says that somebody wrote (SQLite) or after a second
 * (PostgreSQL). They go by the hash, so that their time tells nothing about the secret. While the
 * database is away the rule of `outage` holds.
 */
export class KeyStore {
  /** By which rule keys are believed while the database is away. */
  readonly outage: Outage;
  readonly #storage: Storage<GatewayTables>;
  readonly #onChange: (() => void) | undefined;
  readonly #now: () => number;
  readonly #retired: RetiredSecrets;
  readonly #cache = new Map<string, { key: SentKey; readAt: number }>();
  readonly #used = new Map<string, number>();
  #usedWrittenAt = 0;
  #stamp: number | undefined;
  /** Grows when what is being read may be out of date before it arrives. */
  #generation = 0;
  /** When the stamp was read, in milliseconds since the epoch. */
  #stampedAt = 0;

  constructor(options: KeyStoreOptions) {
    const { now, outage } = options;
    this.outage = outage ?? new Outage({ now, graceMs: 0, log: createLogger({ level: 'silent' }) });
    this.#storage = options.storage;
    this.#retired = new RetiredSecrets(options.storage);
    this.#now = options.now;
    this.#onChange = options.onChange;
  }

  /** Makes a key. `secret` can't be read again. */
  async create(options: CreateKeyOptions): Promise<{ key: ApiKey; secret: string }> {
    const secret = newSecret();
    const row: KeyTable = {
      id: `key_${Bun.randomUUIDv7('hex').replaceAll('-', '')}`,
      sha256: hashSecret(secret),
      last4: secret.slice(-4),
      name: options.name,
      owner: options.owner,
      scopes: JSON.stringify(options.scopes ?? ['inference']),
      allowed_models: options.allowedModels ? JSON.stringify(options.allowedModels) : null,
      created_at_ms: this.#now(),
      expires_at_ms: options.expiresAtMs ?? null,
      revoked_at_ms: null,
      last_used_at_ms: null,
      user_id: options.userId ?? null,
      team_id: options.teamId ?? null,
      tier: options.tier ?? null,
      privacy: options.privacy ?? null,
      login: options.login ?? null,
      login_role: options.role ?? null,
    };
    await this.#storage.db.insertInto('gateway_keys').values(row).execute();
    return {
      key: keyOfRow(await this.#select().where('k.id', '=', row.id).executeTakeFirstOrThrow()),
      secret,
    };
  }

  /** All keys, revoked ones too, the newest first. */
  async list(): Promise<ApiKey[]> {
    const rows = await this.#select()
      .orderBy('k.created_at_ms', 'desc')
      .orderBy('k.id', 'desc')
      .execute();
    const retired = await this.#retired.recent(this.#now());
    return rows.map((row) => withRetired(keyOfRow(row), retired));
  }

  /** One key by its id, revoked or not. Throws `not_found`. */
  async get(id: string): Promise<ApiKey> {
    const row = await this.#select().where('k.id', '=', id).executeTakeFirst();
    if (!row) throw new RpcError('not_found', `no key has the id ${id}; zeke keys list shows them`);
    return withRetired(keyOfRow(row), await this.#retired.recent(this.#now(), id));
  }

  /**
   * Gives a key a new secret, which can't be read again; all else of it stays. The one before works
   * beside it for `graceMs`. Throws `not_found`, `failed_precondition` for a key that is revoked or has
   * expired, `aborted` where another rotation came in between.
   */
  async rotate(id: string, graceMs: number): Promise<{ key: ApiKey; secret: string }> {
    const now = this.#now();
    const { expiresAtMs, revokedAtMs } = await this.get(id);
    if (revokedAtMs !== undefined || (expiresAtMs !== undefined && expiresAtMs <= now)) {
      const message = `the key ${id} has ended already; zeke keys create makes another`;
      throw new RpcError('failed_precondition', message);
    }
    const secret = newSecret();
    await this.#storage.db.transaction().execute(async (db) => {
      const before = await db
        .selectFrom('gateway_keys')
        .select(['sha256', 'last4'])
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      const { numUpdatedRows } = await db
        .updateTable('gateway_keys')
        .set({ sha256: hashSecret(secret), last4: secret.slice(-4) })
        .where('id', '=', id)
        .where('sha256', '=', before.sha256)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) throw new RpcError('aborted', `the key ${id} was just rotated`);
      await db
        .insertInto('gateway_retired_secrets')
        .values({
          ...before,
          key_id: id,
          retired_at_ms: now,
          valid_until_ms: now + graceMs,
          last_used_at_ms: null,
        })
        .execute();
    });
    this.forgetAll();
    return { key: await this.get(id), secret };
  }

  /** Forgets keys of logins that ended before that time; the ledger keeps their ids. */
  async forgetLogins(beforeMs: number): Promise<void> {
    await this.#storage.db
      .deleteFrom('gateway_keys')
      .where('login', 'is not', null)
      .where('expires_at_ms', '<', beforeMs)
      .execute();
  }

  /** Revokes by id. Throws `not_found`. Revoking twice keeps the first time. */
  async revoke(id: string): Promise<ApiKey> {
    await this.#storage.db
      .updateTable('gateway_keys')
      .set({ revoked_at_ms: this.#now() })
      .where('id', '=', id)
      .where('revoked_at_ms', 'is', null)
      .execute();
    this.forgetAll();
    return this.get(id);
  }

  /** Changes what is given; a tier of null is the default one. Throws `not_found`. */
  async change(
    id: string,
    changes: { tier?: string | null; privacy?: 'any' | 'local_only' },
  ): Promise<ApiKey> {
    const { privacy, tier } = changes;
    await this.#storage.db
      .updateTable('gateway_keys')
      .set({
        ...(tier === undefined ? {} : { tier }),
        ...(privacy === undefined ? {} : { privacy: privacy === 'any' ? null : privacy }),
      })
      .where('id', '=', id)
      .execute();
    this.forgetAll();
    return this.get(id);
  }

  /**
   * What is known of keys may be out of date, here and in other processes: whose they are has changed,
   * or that they are revoked.
   */
  forgetAll(): void {
    this.forget();
    this.#onChange?.();
  }

  /** The same, when another process said so. */
  forget(): void {
    this.#cache.clear();
    this.#generation += 1;
  }

  /** True when any key was ever made. */
  async hasKeys(): Promise<boolean> {
    const row = await this.#storage.db
      .selectFrom('gateway_keys')
      .select('id')
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  }

  /**
   * The key of this secret when it may be used now and was seen before; undefined when the database
   * has to be asked. Throws `unauthenticated` with the reason.
   */
  known(secret: string): SentKey | undefined {
    if (!hasKeyForm(secret)) return undefined;
    const hash = hashSecret(secret);
    const key = this.#cached(hash);
    return key && this.#usable(key, hash);
  }

  /** The key of this secret when it may be used now. Throws `unauthenticated` with the reason. */
  async authenticate(secret: string): Promise<SentKey> {
    if (!hasKeyForm(secret)) throw refused(invalid);
    const hash = hashSecret(secret);
    const known = this.known(secret);
    if (known) return known;
    const cached = this.#cache.get(hash);
    const before = cached && { value: cached.key, readAt: cached.readAt };
    const key = await this.outage.read<SentKey | undefined>(before, () => this.#read(hash));
    return this.#usable(key, hash);
  }

  /** The key of this id when it may be used now, which counts as its use. Throws as `authenticate` does. */
  async usable(id: string): Promise<ApiKey> {
    const row = await this.#select().where('k.id', '=', id).executeTakeFirst();
    return this.#usable(row && keyOfRow(row), '');
  }

  /** Notes that a key was used, by something that stands for it. */
  used(id: string): void {
    this.#used.set(id, this.#now());
  }

  /** To be taken before users, teams or keys are read, for `isCurrent`. */
  mark(): ReadMark {
    return { generation: this.#generation, readAt: this.#now() };
  }

  /** Whether what was read at that time is believed still, by the rules that keys are believed by. */
  isCurrent({ generation, readAt }: ReadMark): boolean {
    const now = this.#now();
    if (now - this.#stampedAt >= stampMs) this.#forgetChanged(now);
    if (generation !== this.#generation) return false;
    return this.#stamp !== undefined || now - readAt <= cacheMs;
  }

  /** True when it is a second or more since it was last written when keys were used. */
  get lastUsedIsDue(): boolean {
    return this.#now() - this.#usedWrittenAt >= writeUsedEveryMs;
  }

  /**
   * Writes when keys were last used. A time that another process wrote and that is later stays.
   * What the database refuses is kept for the next time.
   */
  async writeLastUsed(): Promise<void> {
    this.#usedWrittenAt = this.#now();
    await this.#retired.writeUsed();
    if (this.#used.size === 0) return;
    const used = [...this.#used];
    this.#used.clear();
    try {
      for (let from = 0; from < used.length; from += maxKeysAStatement) {
        await this.#writeUsed(used.slice(from, from + maxKeysAStatement));
      }
    } catch (error) {
      for (const [id, at] of used) this.#used.set(id, Math.max(at, this.#used.get(id) ?? 0));
      throw error;
    }
  }

  async #writeUsed(used: readonly (readonly [id: string, at: number])[]): Promise<void> {
    const at = used.map(([id, time]) => sql`when ${id} then ${sql.val(time)}`);
    const time = sql<number>`cast(case id ${sql.join(at, sql` `)} end as bigint)`;
    await this.#storage.db
      .updateTable('gateway_keys')
      .set({ last_used_at_ms: time })
      .where(
        'id',
        'in',
        used.map(([id]) => id),
      )
      .where((where) =>
        where.or([where('last_used_at_ms', 'is', null), where('last_used_at_ms', '<', time)]),
      )
      .execute();
  }

  #cached(hash: string): SentKey | undefined {
    const now = this.#now();
    if (now - this.#stampedAt >= stampMs) this.#forgetChanged(now);
    const entry = this.#cache.get(hash);
    if (!entry) return undefined;
    if (this.#stamp === undefined && now - entry.readAt > cacheMs) return undefined;
    return entry.key;
  }

  /** Asks not for every look-up: the question costs more than all the rest of one. */
  #forgetChanged(now: number): void {
    this.#stampedAt = now;
    const stamp = this.#storage.changeStamp();
    if (stamp !== this.#stamp) this.forget();
    this.#stamp = stamp;
  }

  async #read(hash: string): Promise<SentKey | undefined> {
    const generation = this.#generation;
    const readAt = this.#now();
    const row = await this.#select().where('k.sha256', '=', hash).executeTakeFirst();
    const key = row ? keyOfRow(row) : await this.#readRetired(hash);
    if (!key || generation !== this.#generation) return key;
    if (this.#cache.size >= maxCachedKeys) this.#cache.clear();
    this.#cache.set(hash, { key, readAt });
    return key;
  }

  async #readRetired(hash: string): Promise<SentKey | undefined> {
    const found = await this.#retired.find(hash);
    if (!found) return undefined;
    const row = await this.#select().where('k.id', '=', found.keyId).executeTakeFirst();
    return row && { ...keyOfRow(row), sentRetired: found.secret };
  }

  /** A key with its user's role, and where in the hierarchy it stands. */
  #select() {
    return this.#storage.db
      .selectFrom('gateway_keys as k')
      .leftJoin('gateway_users as u', 'u.id', 'k.user_id')
      .leftJoin('gateway_teams as t', 't.id', 'k.team_id')
      .selectAll('k')
      .select([
        'u.role as role',
        sql<string | null>`coalesce(k.team_id, u.team_id)`.as('of_team'),
        sql<string | null>`coalesce(t.org_id, u.org_id)`.as('of_org'),
      ]);
  }

  #usable(key: SentKey | undefined, hash: string): SentKey {
    if (!key) throw refused(invalid);
    if (key.revokedAtMs !== undefined) {
      throw refused(`the API key ending in ${key.last4} was revoked`);
    }
    const now = this.#now();
    if (key.expiresAtMs !== undefined && key.expiresAtMs <= now) {
      throw refused(`the API key ending in ${key.last4} has expired`);
    }
    const { sentRetired } = key;
    if (sentRetired) {
      if (sentRetired.validUntilMs <= now) throw refused(rotatedAway(sentRetired, key));
      this.#retired.used(hash, now);
    }
    this.#used.set(key.id, now);
    return key;
  }
}

function newSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(secretBytes));
  return keyPrefix + Buffer.from(bytes).toString('base64url');
}

function withRetired(key: ApiKey, retired: ReadonlyMap<string, RetiredSecret[]>): ApiKey {
  const own = retired.get(key.id);
  return own ? { ...key, retired: own } : key;
}

function rotatedAway({ last4, retiredAtMs, validUntilMs }: RetiredSecret, key: ApiKey): string {
  const times = [retiredAtMs, validUntilMs].map((ms) => new Date(ms).toISOString());
  return `the API key ending in ${last4} was rotated at ${times[0]} and worked until ${times[1]}: use the one ending in ${key.last4} in its place`;
}

function hasKeyForm(secret: string): boolean {
  return secret.length === secretLength && secret.startsWith(keyPrefix);
}

const secretLength = keyPrefix.length + Math.ceil((secretBytes * 4) / 3);
const maxCachedKeys = 10_000;
/** How long a key is trusted where the database can't tell that another process wrote. */
const cacheMs = 1_000;
const maxKeysAStatement = 500;
/** So long a key that another process revoked may still be used on the same SQLite database. */
const stampMs = 5;
const writeUsedEveryMs = 1_000;

const invalid = 'the API key is not valid; zeke keys create makes one';

/** With the code that OpenAI's clients know a wrong key by. */
function refused(message: string): RpcError {
  return apiError('unauthenticated', message, { reason: 'invalid_api_key' });
}

interface KeyRow extends KeyTable {
  role: string | null;
  of_team: string | null;
  of_org: string | null;
}

function keyOfRow(row: KeyRow): ApiKey {
  const ofUser = row.role === null ? 'viewer' : (row.login_role ?? row.role);
  const role = row.user_id === null ? (row.team_id === null ? null : 'member') : ofUser;
  return {
    id: row.id,
    name: row.name,
    owner: row.owner,
    scopes: JSON.parse(row.scopes),
    last4: row.last4,
    createdAtMs: row.created_at_ms,
    ...(row.allowed_models === null ? {} : { allowedModels: JSON.parse(row.allowed_models) }),
    ...(row.expires_at_ms === null ? {} : { expiresAtMs: row.expires_at_ms }),
    ...(row.revoked_at_ms === null ? {} : { revokedAtMs: row.revoked_at_ms }),
    ...(row.last_used_at_ms === null ? {} : { lastUsedAtMs: row.last_used_at_ms }),
    ...(row.user_id === null ? {} : { userId: row.user_id }),
    ...(row.of_team === null ? {} : { teamId: row.of_team }),
    ...(row.of_org === null ? {} : { orgId: row.of_org }),
    ...(role === null ? {} : { role: role as Role }),
    ...(row.tier === null ? {} : { tier: row.tier }),
    ...(row.privacy === null ? {} : { privacy: 'local_only' }),
    ...(row.login === null ? {} : { login: row.login as LoginPlace }),
  };
}
