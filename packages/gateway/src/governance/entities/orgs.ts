import type { Storage } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { apiError } from '../../neutral/api-error.ts';
import type { GatewayTables, OrgTable } from '../tables.ts';
import { namedOnce, newId } from './named-once.ts';

/** An organisation: the top of the hierarchy. Times are milliseconds since the epoch. */
export interface Org {
  id: string;
  /** One of a kind. */
  name: string;
  createdAtMs: number;
}

export class Orgs {
  readonly #storage: Storage<GatewayTables>;
  readonly #now: () => number;

  constructor(options: { storage: Storage<GatewayTables>; now: () => number }) {
    this.#storage = options.storage;
    this.#now = options.now;
  }

  /** Throws `already_exists`. */
  async create(name: string): Promise<Org> {
    const row: OrgTable = { id: newId('org'), name, created_at_ms: this.#now() };
    await namedOnce('organisation', name, () =>
      this.#storage.db.insertInto('gateway_orgs').values(row).execute(),
    );
    return orgOfRow(row);
  }

  /** By name. */
  async list(): Promise<Org[]> {
    const rows = await this.#storage.db
      .selectFrom('gateway_orgs')
      .selectAll()
      .orderBy('name')
      .execute();
    return rows.map(orgOfRow);
  }

  /** Throws `not_found`; `param` is the field that named it. */
  async get(id: string, param?: string): Promise<Org> {
    const row = await this.#storage.db
      .selectFrom('gateway_orgs')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    if (row) return orgOfRow(row);
    const message = `no organisation has the id ${id.slice(0, 100)}; zeke orgs list shows them`;
    throw apiError('not_found', message, param === undefined ? {} : { param });
  }

  /** Throws `not_found` and `already_exists`. */
  async rename(id: string, name: string): Promise<Org> {
    await namedOnce('organisation', name, () =>
      this.#storage.db.updateTable('gateway_orgs').set({ name }).where('id', '=', id).execute(),
    );
    return this.get(id);
  }

  /** With its budgets. Throws `not_found`, and `failed_precondition` while it has teams or users. */
  async remove(id: string): Promise<Org> {
    const org = await this.get(id);
    await this.#storage.db.transaction().execute(async (db) => {
      await db
        .deleteFrom('gateway_budgets')
        .where('kind', '=', 'org')
        .where('id', '=', id)
        .execute();
      for (const table of ['gateway_teams', 'gateway_users'] as const) {
        const within = await db
          .selectFrom(table)
          .select('name')
          .where('org_id', '=', id)
          .executeTakeFirst();
        if (!within) continue;
        const kind = table === 'gateway_teams' ? 'team' : 'user';
        throw new RpcError(
          'failed_precondition',
          `the organisation ${org.name} still has the ${kind} ${within.name}: remove its teams and users first`,
        );
      }
      await db.deleteFrom('gateway_orgs').where('id', '=', id).execute();
    });
    return org;
  }
}

function orgOfRow(row: OrgTable): Org {
  return { id: row.id, name: row.name, createdAtMs: row.created_at_ms };
}
