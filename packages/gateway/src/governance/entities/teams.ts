import type { Storage } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { apiError } from '../../neutral/api-error.ts';
import type { GatewayTables, TeamTable } from '../tables.ts';
import { namedOnce, newId } from './named-once.ts';

/** A team of an organisation. Times are milliseconds since the epoch. */
export interface Team {
  id: string;
  orgId: string;
  /** One of a kind within the organisation. */
  name: string;
  createdAtMs: number;
}

export class Teams {
  readonly #storage: Storage<GatewayTables>;
  readonly #now: () => number;

  constructor(options: { storage: Storage<GatewayTables>; now: () => number }) {
    this.#storage = options.storage;
    this.#now = options.now;
  }

  /** The organisation is there. Throws `already_exists`. */
  async create(options: { orgId: string; name: string }): Promise<Team> {
    const row: TeamTable = {
      id: newId('team'),
      org_id: options.orgId,
      name: options.name,
      created_at_ms: this.#now(),
    };
    await namedOnce('team', row.name, () =>
      this.#storage.db.insertInto('gateway_teams').values(row).execute(),
    );
    return teamOfRow(row);
  }

  /** By name; of one organisation where it is given. */
  async list(orgId?: string): Promise<Team[]> {
    let select = this.#storage.db.selectFrom('gateway_teams').selectAll().orderBy('name');
    if (orgId !== undefined) select = select.where('org_id', '=', orgId);
    return (await select.orderBy('id').execute()).map(teamOfRow);
  }

  /** Throws `not_found`; `param` is the field that named it. */
  async get(id: string, param?: string): Promise<Team> {
    const row = await this.#storage.db
      .selectFrom('gateway_teams')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    if (row) return teamOfRow(row);
    const message = `no team has the id ${id.slice(0, 100)}; zeke teams list shows them`;
    throw apiError('not_found', message, param === undefined ? {} : { param });
  }

  /** Throws `not_found` and `already_exists`. */
  async rename(id: string, name: string): Promise<Team> {
    await namedOnce('team', name, () =>
      this.#storage.db.updateTable('gateway_teams').set({ name }).where('id', '=', id).execute(),
    );
    return this.get(id);
  }

  /**
   * With its budgets; its keys are revoked. Throws `not_found`, and `failed_precondition` while users
   * are in it.
   */
  async remove(id: string): Promise<Team> {
    const team = await this.get(id);
    await this.#storage.db.transaction().execute(async (db) => {
      await db
        .deleteFrom('gateway_budgets')
        .where('kind', '=', 'team')
        .where('id', '=', id)
        .execute();
      const user = await db
        .selectFrom('gateway_users')
        .select('name')
        .where('team_id', '=', id)
        .executeTakeFirst();
      if (user) {
        throw new RpcError(
          'failed_precondition',
          `the team ${team.name} still has the user ${user.name}: put its users elsewhere first`,
        );
      }
      await db
        .updateTable('gateway_keys')
        .set({ revoked_at_ms: this.#now() })
        .where('team_id', '=', id)
        .where('revoked_at_ms', 'is', null)
        .execute();
      await db.deleteFrom('gateway_teams').where('id', '=', id).execute();
    });
    return team;
  }
}

function teamOfRow(row: TeamTable): Team {
  return { id: row.id, orgId: row.org_id, name: row.name, createdAtMs: row.created_at_ms };
}
