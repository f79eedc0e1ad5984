import type { Storage } from '@zeke/foundation';
import { apiError } from '../../neutral/api-error.ts';
import type { Role } from '../permissions.ts';
import type { GatewayTables, UserTable } from '../tables.ts';
import { namedOnce, newId } from './named-once.ts';

/** A person, or a program, of an organisation. Times are milliseconds since the epoch. */
export interface User {
  id: string;
  orgId: string;
  teamId?: string;
  /** One of a kind within the organisation. */
  name: string;
  role: Role;
  createdAtMs: number;
}

/** What of a user may change; `teamId` null takes it out of its team. */
export interface UserChange {
  name?: string | undefined;
  role?: Role | undefined;
  teamId?: string | null | undefined;
}

export class Users {
  readonly #storage: Storage<GatewayTables>;
  readonly #now: () => number;

  constructor(options: { storage: Storage<GatewayTables>; now: () => number }) {
    this.#storage = options.storage;
    this.#now = options.now;
  }

  /** Organisation and team are there, and belong together. Throws `already_exists`. */
  async create(options: {
    orgId: string;
    teamId?: string | undefined;
    name: string;
    role: Role;
  }): Promise<User> {
    const row: UserTable = {
      id: newId('user'),
      org_id: options.orgId,
      team_id: options.teamId ?? null,
      name: options.name,
      role: options.role,
      created_at_ms: this.#now(),
    };
    await namedOnce('user', row.name, () =>
      this.#storage.db.insertInto('gateway_users').values(row).execute(),
    );
    return userOfRow(row);
  }

  /** By name; of one organisation where it is given. */
  async list(orgId?: string): Promise<User[]> {
    let select = this.#storage.db.selectFrom('gateway_users').selectAll().orderBy('name');
    if (orgId !== undefined) select = select.where('org_id', '=', orgId);
    return (await select.orderBy('id').execute()).map(userOfRow);
  }

  /** Throws `not_found`; `param` is the field that named it. */
  async get(id: string, param?: string): Promise<User> {
    const row = await this.#storage.db
      .selectFrom('gateway_users')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    if (row) return userOfRow(row);
    const message = `no user has the id ${id.slice(0, 100)}; zeke users list shows them`;
    throw apiError('not_found', message, param === undefined ? {} : { param });
  }

  /** A team is there, and of the user's organisation. Throws `not_found` and `already_exists`. */
  async change(id: string, { name, role, teamId }: UserChange): Promise<User> {
    const set: Partial<UserTable> = {
      ...(name === undefined ? {} : { name }),
      ...(role === undefined ? {} : { role }),
      ...(teamId === undefined ? {} : { team_id: teamId }),
    };
    if (Object.keys(set).length > 0) {
      await namedOnce('user', name ?? '', () =>
        this.#storage.db.updateTable('gateway_users').set(set).where('id', '=', id).execute(),
      );
    }
    return this.get(id);
  }

  /** With its budgets; its keys are revoked. Throws `not_found`. */
  async remove(id: string): Promise<User> {
    const user = await this.get(id);
    await this.#storage.db.transaction().execute(async (db) => {
      await db
        .deleteFrom('gateway_budgets')
        .where('kind', '=', 'user')
        .where('id', '=', id)
        .execute();
      await db
        .updateTable('gateway_keys')
        .set({ revoked_at_ms: this.#now() })
        .where('user_id', '=', id)
        .where('revoked_at_ms', 'is', null)
        .execute();
      await db.deleteFrom('gateway_users').where('id', '=', id).execute();
    });
    return user;
  }
}

function userOfRow(row: UserTable): User {
  return {
    id: row.id,
    orgId: row.org_id,
    ...(row.team_id === null ? {} : { teamId: row.team_id }),
    name: row.name,
    role: row.role as Role,
    createdAtMs: row.created_at_ms,
  };
}
