import { setImmediate } from 'node:timers/promises';
import { decrypt, encrypt, type Logger, type Storage } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { sql } from 'kysely';
import type { Caller } from '../authenticate.ts';
import type { ContentTable, GatewayTables } from '../tables.ts';
import { KeptExchange } from './kept-exchange.ts';

/** Whose prompts and answers are kept, how much of them, for how long, and sealed with what. */
export interface ContentSettings {
  keep: 'listed' | 'everything';
  /** Ids of keys and organisations, and projects as `x-project` names them. */
  keys: ReadonlySet<string>;
  orgs: ReadonlySet<string>;
  projects: ReadonlySet<string>;
  keepMs: number;
  /** Of a prompt, and of an answer. */
  maxBytes: number;
  /** Of AES-256. */
  key: Uint8Array;
}

/** A prompt and its answer, as the caller sent and got them. Times are milliseconds since the epoch. */
export interface Content {
  requestId: string;
  atMs: number;
  endpoint: string;
  /** As the caller named it. */
  model: string;
  httpStatus: number;
  keyId?: string;
  owner?: string;
  orgId?: string;
  teamId?: string;
  userId?: string;
  project?: string;
  prompt: ContentPart;
  answer: ContentPart;
}

/** What there was of one side, as text. */
export interface ContentPart {
  text: string;
  /** In all; more than `text` has where it was cut off. */
  bytes: number;
}

/** A request, as far as it matters for what is kept of it. */
export interface ContentOf {
  request: Request;
  requestId: string;
  atMs: number;
  caller: Caller;
  requestedModel: string;
}

export interface ContentStoreOptions {
  storage: Storage<GatewayTables>;
  log: Logger;
  /** What goes on after an answer; it never rejects. */
  background: { add(work: Promise<unknown>): void };
}

/** Rows that are deleted at once. */
const batchRows = 200;

/**
 * Keeps prompts and answers where that is switched on, sealed with AES-256-GCM that is bound to the
 * request's id. What the database does not take is not kept, which the log says: it holds up nobody.
 */
export class ContentStore {
  settings: ContentSettings | undefined;
  readonly #options: ContentStoreOptions;

  constructor(options: ContentStoreOptions) {
    this.#options = options;
  }

  /** What follows a request whose content is kept; undefined where it is not. */
  follow(of: ContentOf, endpoint: string): KeptExchange | undefined {
    const { settings } = this;
    if (!settings || !isWanted(settings, of)) return undefined;
    return new KeptExchange(settings.maxBytes, (prompt, answer, httpStatus) => {
      const content = contentOf(of, endpoint, httpStatus, prompt, answer);
      this.#options.background.add(this.#keep(content, settings));
    });
  }

  /** Throws `not_found`, and `failed_precondition` where it is sealed with another key. */
  async get(requestId: string): Promise<Content> {
    const row = await this.#options.storage.db
      .selectFrom('gateway_content')
      .selectAll()
      .where('request_id', '=', requestId)
      .executeTakeFirst();
    const shown = requestId.slice(0, 100);
    if (!row) throw new RpcError('not_found', `nothing is kept of the request ${shown}`);
    const { settings } = this;
    const sealedWith = settings && keyName(settings.key);
    if (!settings || row.sealed_with !== sealedWith) {
      throw new RpcError(
        'failed_precondition',
        `what is kept of ${shown} is sealed with the key ${row.sealed_with}, and content.encryption_key has ${sealedWith ?? 'none'}`,
      );
    }
    const plain = decrypt(settings.key, row.sealed, Buffer.from(row.request_id));
    if (!plain) throw new RpcError('data_loss', `what is kept of ${shown} is not what was written`);
    return contentOfRow(row, JSON.parse(plain.toString('utf8')));
  }

  /** False where there was nothing. */
  async remove(requestId: string): Promise<boolean> {
    const { numDeletedRows } = await this.#options.storage.db
      .deleteFrom('gateway_content')
      .where('request_id', '=', requestId)
      .executeTakeFirst();
    return numDeletedRows > 0n;
  }

  /** Removes what is older than it is kept; without settings as long as it was by the last ones: not. */
  async cut(nowMs: number): Promise<void> {
    const { settings } = this;
    if (!settings) return;
    for (;;) {
      const { rows } = await sql`delete from gateway_content where request_id in
        (select request_id from gateway_content where at_ms < ${nowMs - settings.keepMs}
         order by at_ms limit ${sql.lit(batchRows)}) returning request_id`.execute(
        this.#options.storage.db,
      );
      if (rows.length < batchRows) return;
      await setImmediate();
    }
  }

  async #keep(content: Content, { key }: ContentSettings): Promise<void> {
    const { log, storage } = this.#options;
    const { answer, prompt, requestId } = content;
    const plain = Buffer.from(JSON.stringify({ prompt, answer }));
    try {
      await storage.db
        .insertInto('gateway_content')
        .values({
          request_id: requestId,
          at_ms: content.atMs,
          endpoint: content.endpoint,
          model: content.model.slice(0, 256).replaceAll('\0', '\ufffd'),
          http_status: content.httpStatus,
          key_id: content.keyId ?? null,
          owner: content.owner ?? null,
          org_id: content.orgId ?? null,
          team_id: content.teamId ?? null,
          user_id: content.userId ?? null,
          project: content.project ?? null,
          sealed_with: keyName(key),
          sealed: encrypt(key, plain, Buffer.from(requestId)),
        })
        .execute();
    } catch (err) {
      log.error('a prompt and its answer could not be kept', { requestId, err });
    }
  }
}

function isWanted(settings: ContentSettings, { caller, request }: ContentOf): boolean {
  if (settings.keep === 'everything') return true;
  const { keyId, orgId } = caller;
  if (keyId !== undefined && settings.keys.has(keyId)) return true;
  if (orgId !== undefined && settings.orgs.has(orgId)) return true;
  return settings.projects.size > 0 && settings.projects.has(projectOf(request) ?? '');
}

function projectOf({ headers }: Request): string | undefined {
  return headers.get('x-project')?.trim() || undefined;
}

/** Tells one key from another, and nothing about it. */
function keyName(key: Uint8Array): string {
  const hasher = new Bun.CryptoHasher('sha256').update('zeke content key').update(key);
  return hasher.digest('hex').slice(0, 16);
}

const maxProjectChars = 200;

function contentOf(
  { atMs, caller, request, requestId, requestedModel }: ContentOf,
  endpoint: string,
  httpStatus: number,
  prompt: ContentPart,
  answer: ContentPart,
): Content {
  const { keyId, orgId, owner, teamId, userId } = caller;
  const project = projectOf(request)?.slice(0, maxProjectChars);
  const who = Object.entries({ keyId, owner, orgId, teamId, userId, project });
  return {
    ...{ requestId, atMs, endpoint, model: requestedModel, httpStatus, prompt, answer },
    ...Object.fromEntries(who.filter(([, value]) => value !== undefined)),
  };
}

function contentOfRow(
  row: ContentTable,
  { answer, prompt }: Pick<Content, 'answer' | 'prompt'>,
): Content {
  const who = {
    keyId: row.key_id,
    owner: row.owner,
    orgId: row.org_id,
    teamId: row.team_id,
    userId: row.user_id,
    project: row.project,
  };
  return {
    requestId: row.request_id,
    atMs: row.at_ms,
    endpoint: row.endpoint,
    model: row.model,
    httpStatus: row.http_status,
    ...Object.fromEntries(Object.entries(who).filter(([, value]) => value !== null)),
    prompt,
    answer,
  };
}
