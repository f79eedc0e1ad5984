import { randomBytes } from 'node:crypto';
import type { Storage } from '@zeke/foundation';
import type { Kysely, Selectable } from 'kysely';
import { apiError } from '../../neutral/api-error.ts';
import type { Target } from '../permissions.ts';
import type { ConsentTable, GatewayTables } from '../tables.ts';

export const consentDecisions = ['allow_once', 'allow_session', 'allow_project', 'deny'] as const;

export type ConsentDecision = (typeof consentDecisions)[number];

/** What a policy wants consent for. */
export interface Need {
  readonly policy: string;
  readonly reason?: string | undefined;
  /** What of the request it is: of these, those that the policy names. */
  readonly what: Readonly<Partial<Record<'data' | 'model' | 'provider' | 'tool', string>>>;
}

/** Who wants it, and within what. */
export interface Asker extends Target {
  /** The id of a key, or `local` and `admin-key` for those without. */
  readonly caller: string;
  readonly owner?: string | undefined;
  readonly session?: string | undefined;
  readonly project?: string | undefined;
  /** As the caller names it. */
  readonly model: string;
}

/** A question that was asked, with what became of it. Times are milliseconds since the epoch. */
export interface Consent extends Asker {
  readonly id: string;
  readonly needs: readonly Need[];
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly decision?: ConsentDecision;
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
/** How long a question waits for an answer. */
const pendingMs = 60 * minuteMs;
/** How long an answer holds. */
const heldMs: Readonly<Record<ConsentDecision, number>> = {
  allow_once: 60 * minuteMs,
  allow_session: dayMs,
  allow_project: 30 * dayMs,
  deny: 60 * minuteMs,
};
/** Questions that may wait: of one caller, and of all. */
export const maxPendingOfCaller = 100;
const maxPending = 10_000;
/** How long what has expired can still be looked at, and how often it is deleted. */
const keptMs = 7 * dayMs;
const sweepMs = 60 * minuteMs;

/**
 * What people were asked to allow, and what they said: bound to who asked and to what for. It is in the
 * database, and so outlives a restart and is one for all replicas.
 */
export class Consents {
  readonly #storage: Storage<GatewayTables>;
  readonly #now: () => number;
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(options: { storage: Storage<GatewayTables>; now: () => number }) {
    this.#storage = options.storage;
    this.#now = options.now;
  }

  /**
   * Whether somebody has allowed all of this. Of several answers to one thing the newest counts. What was
   * allowed once is used up by this, by one request only, however many come at once.
   */
  async use(asker: Asker, needs: readonly Need[]): Promise<'granted' | 'denied' | 'open'> {
    const things = needs.map(thingOf);
    const rows = await this.#storage.db
      .selectFrom('gateway_consents')
      .selectAll()
      .where('caller', '=', asker.caller)
      .where('thing', 'in', things)
      .where('expires_at_ms', '>', this.#now())
      .where('decision', 'is not', null)
      .where('used_at_ms', 'is', null)
      .orderBy('decided_at_ms', 'desc')
      .execute();
    const answers = things.map((thing) =>
      rows.find((row) => row.thing === thing && holdsFor(row, asker)),
    );
    if (answers.some((row) => row?.decision === 'deny')) return 'denied';
    if (answers.includes(undefined)) return 'open';
    const once = answers.flatMap((row) => (row?.decision === 'allow_once' ? row : []));
    return once.length === 0 || (await this.#useUp(once)) ? 'granted' : 'open';
  }

  /**
   * Asks for consent; gives the id of the question, the same as before where it waits already.
   * @throws RpcError resource_exhausted where too many questions wait.
   */
  async ask(asker: Asker, needs: readonly Need[]): Promise<string> {
    const { db } = this.#storage;
    const things = needs.map(thingOf);
    const waiting = await this.#pending(db)
      .selectAll()
      .where('caller', '=', asker.caller)
      .orderBy('created_at_ms')
      .execute();
    const ids = Map.groupBy(waiting, ({ id }) => id);
    for (const [id, rows] of ids) {
      const isSame =
        rows.length === things.length &&
        rows.every((row) => things.includes(row.thing) && isWithin(row, asker));
      if (isSame) return id;
    }
    if (ids.size >= maxPendingOfCaller)
      throw tooMany(`${maxPendingOfCaller} questions of this key`);
    const { count } = await this.#pending(db)
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    if (Number(count) >= maxPending) throw tooMany(`${maxPending} questions`);
    const id = `consent_${randomBytes(24).toString('base64url')}`;
    const rows = needs.map((need) => this.#row(id, asker, need));
    await db.insertInto('gateway_consents').values(rows).execute();
    await this.#sweep();
    return id;
  }

  /** The questions that wait, the oldest first. */
  async pending(): Promise<Consent[]> {
    const rows = await this.#pending(this.#storage.db)
      .selectAll()
      .orderBy('created_at_ms')
      .limit(maxPending)
      .execute();
    return consentsOf(rows);
  }

  /** A question. Throws `not_found` for one that is not there, or has expired. */
  async get(id: string): Promise<Consent> {
    const rows = await this.#storage.db
      .selectFrom('gateway_consents')
      .selectAll()
      .where('id', '=', id)
      .where('expires_at_ms', '>', this.#now())
      .execute();
    const [found] = consentsOf(rows);
    if (found) return found;
    throw apiError(
      'not_found',
      `no consent is asked for under ${id.slice(0, 100)}, or not any more: zeke consent list shows what is`,
      { param: 'consent_id' },
    );
  }

  /**
   * Answers a question, once. Throws `failed_precondition` for one that is answered, and for a session or a
   * project where the request named none.
   */
  async decide(id: string, decision: ConsentDecision, by: string): Promise<Consent> {
    const asked = await this.get(id);
    if (asked.decision !== undefined) throw decided(asked.decision);
    const place = { allow_session: asked.session, allow_project: asked.project };
    if (decision in place && place[decision as keyof typeof place] === undefined) {
      throw withoutPlace(decision);
    }
    const now = this.#now();
    const result = await this.#storage.db
      .updateTable('gateway_consents')
      .set({
        decision,
        decided_by: by,
        decided_at_ms: now,
        expires_at_ms: now + heldMs[decision],
      })
      .where('id', '=', id)
      .where('decision', 'is', null)
      .executeTakeFirst();
    if (Number(result.numUpdatedRows) === 0) throw decided('by somebody else');
    return { ...asked, decision, expiresAtMs: now + heldMs[decision] };
  }

  #pending(db: Kysely<GatewayTables>) {
    return db
      .selectFrom('gateway_consents')
      .where('decision', 'is', null)
      .where('expires_at_ms', '>', this.#now());
  }

  /**
   * All of them or none; false where another request was faster with one. A process that ends in between
   * leaves some used up, and is asked again.
   */
  async #useUp(rows: readonly Selectable<ConsentTable>[]): Promise<boolean> {
    const taken: Selectable<ConsentTable>[] = [];
    for (const row of rows) {
      if (await this.#mark(row, this.#now())) taken.push(row);
      else {
        for (const mine of taken) await this.#mark(mine, null);
        return false;
      }
    }
    return true;
  }

  /** True for the one who does it, of all that try. */
  async #mark({ id, thing }: ConsentTable, used_at_ms: number | null): Promise<boolean> {
    const { numUpdatedRows } = await this.#storage.db
      .updateTable('gateway_consents')
      .set({ used_at_ms })
      .where('id', '=', id)
      .where('thing', '=', thing)
      .where('used_at_ms', used_at_ms === null ? 'is not' : 'is', null)
      .executeTakeFirst();
    return Number(numUpdatedRows) === 1;
  }

  #row(id: string, asker: Asker, need: Need): Selectable<ConsentTable> {
    const now = this.#now();
    return {
      id,
      thing: thingOf(need),
      policy: need.policy,
      what: JSON.stringify(need.what),
      reason: need.reason ?? null,
      caller: asker.caller,
      owner: asker.owner ?? null,
      org_id: asker.orgId ?? null,
      team_id: asker.teamId ?? null,
      user_id: asker.userId ?? null,
      session: asker.session ?? null,
      project: asker.project ?? null,
      model: asker.model,
      created_at_ms: now,
      expires_at_ms: now + pendingMs,
      decision: null,
      decided_by: null,
      decided_at_ms: null,
      used_at_ms: null,
    };
  }

  async #sweep(): Promise<void> {
    const now = this.#now();
    if (now - this.#sweptAt < sweepMs) return;
    this.#sweptAt = now;
    await this.#storage.db
      .deleteFrom('gateway_consents')
      .where('expires_at_ms', '<=', now - keptMs)
      .execute();
  }
}

/** What is consented to, in a form that is the same for the same. */
function thingOf({ policy, what: { data, model, provider, tool } }: Need): string {
  return JSON.stringify([policy, model ?? null, provider ?? null, tool ?? null, data ?? null]);
}

function holdsFor(row: Selectable<ConsentTable>, asker: Asker): boolean {
  switch (row.decision) {
    case 'allow_session':
      return row.session !== null && row.session === asker.session;
    case 'allow_project':
      return row.project !== null && row.project === asker.project;
    default:
      return isWithin(row, asker);
  }
}

function isWithin(row: Selectable<ConsentTable>, { project, session }: Asker): boolean {
  return row.session === (session ?? null) && row.project === (project ?? null);
}

function consentsOf(rows: readonly Selectable<ConsentTable>[]): Consent[] {
  return [...Map.groupBy(rows, ({ id }) => id)].flatMap(([id, [first, ...others]]) => {
    if (!first) return [];
    const needs = [first, ...others].map(({ policy, reason, what }) => ({
      policy,
      ...(reason === null ? {} : { reason }),
      what: JSON.parse(what) as Need['what'],
    }));
    return {
      id,
      needs,
      caller: first.caller,
      owner: first.owner ?? undefined,
      orgId: first.org_id ?? undefined,
      teamId: first.team_id ?? undefined,
      userId: first.user_id ?? undefined,
      session: first.session ?? undefined,
      project: first.project ?? undefined,
      model: first.model,
      createdAtMs: first.created_at_ms,
      expiresAtMs: first.expires_at_ms,
      ...(first.decision === null ? {} : { decision: first.decision as ConsentDecision }),
    };
  });
}

function tooMany(what: string) {
  return apiError(
    'resource_exhausted',
    `${what} wait for consent already: answer some (zeke consent list), or wait until they expire`,
    { reason: 'consent_limit', retryable: false },
  );
}

function decided(how: string) {
  return apiError('failed_precondition', `it is decided already: ${how}`, { param: 'consent_id' });
}

function withoutPlace(decision: ConsentDecision) {
  const [what, where] =
    decision === 'allow_session'
      ? ['session', 'omen.session_id or x-session-id']
      : ['project', 'x-project'];
  return apiError(
    'failed_precondition',
    `the request names no ${what} (${where}), so it can be allowed once, or denied`,
    { param: 'decision' },
  );
}
