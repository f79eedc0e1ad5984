import type { IdentityConfig, Storage } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { apiError } from '../../neutral/api-error.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Users } from '../entities/users.ts';
import type { Role } from '../permissions.ts';
import type { GatewayTables } from '../tables.ts';
import type { ClaimedIdentity } from './claimed-identity.ts';

/** Where in the hierarchy somebody stands whom an issuer has named. */
export interface Principal {
  orgId: string;
  teamId?: string;
  userId?: string;
  /** The user's, or the team's where there is no user. */
  name: string;
  role: Role;
}

export interface PrincipalsOptions {
  storage: Storage<GatewayTables>;
  users: Pick<Users, 'create'>;
  audit: Pick<AuditLog, 'append'>;
}

type Found = Pick<GatewayTables['gateway_users'], 'id' | 'name'>;

/**
 * Finds whom an issuer names. Organisations and teams have to be there. A user has to be there, too,
 * unless users of the issuer are made at first sight (`provision`), which is on the audit log.
 */
export class Principals {
  readonly #storage: Storage<GatewayTables>;
  readonly #users: Pick<Users, 'create'>;
  readonly #audit: Pick<AuditLog, 'append'>;

  constructor(options: PrincipalsOptions) {
    this.#storage = options.storage;
    this.#users = options.users;
    this.#audit = options.audit;
  }

  /** `issuer` is what it is called in the configuration. Throws `unauthenticated` that names whom nobody knows. */
  async find(issuer: string, claimed: ClaimedIdentity, config: IdentityConfig): Promise<Principal> {
    const org = await this.#org(claimed.org);
    const team = claimed.team === undefined ? undefined : await this.#team(org, claimed.team);
    if (claimed.user === undefined) {
      return {
        orgId: org.id,
        ...(team ? { teamId: team.id } : {}),
        name: team?.name ?? '',
        role: claimed.role ?? 'member',
      };
    }
    const user =
      (await this.#user(org, claimed.user)) ??
      (await this.#provision(issuer, { org, team, claimed, config }));
    const teamId = team?.id ?? user.team_id ?? undefined;
    return {
      orgId: org.id,
      ...(teamId === undefined ? {} : { teamId }),
      userId: user.id,
      name: user.name,
      role: claimed.role ?? (user.role as Role),
    };
  }

  async #org(named: string): Promise<Found> {
    const rows = await this.#storage.db
      .selectFrom('gateway_orgs')
      .select(['id', 'name'])
      .where((where) => where.or([where('id', '=', named), where('name', '=', named)]))
      .execute();
    const org = rows.find(({ id }) => id === named) ?? rows[0];
    if (org) return org;
    throw unknown('organisation', named, 'zeke orgs list shows them');
  }

  async #team(org: Found, named: string): Promise<Found> {
    const rows = await this.#storage.db
      .selectFrom('gateway_teams')
      .select(['id', 'name'])
      .where('org_id', '=', org.id)
      .where((where) => where.or([where('id', '=', named), where('name', '=', named)]))
      .execute();
    const team = rows.find(({ id }) => id === named) ?? rows[0];
    if (team) return team;
    throw unknown('team', named, `zeke teams create makes it in ${org.name}`);
  }

  async #user(org: Found, named: string) {
    const rows = await this.#storage.db
      .selectFrom('gateway_users')
      .select(['id', 'name', 'role', 'team_id'])
      .where('org_id', '=', org.id)
      .where((where) => where.or([where('id', '=', named), where('name', '=', named)]))
      .execute();
    return rows.find(({ id }) => id === named) ?? rows[0];
  }

  async #provision(
    issuer: string,
    {
      claimed,
      config,
      org,
      team,
    }: {
      org: Found;
      team: Found | undefined;
      claimed: ClaimedIdentity;
      config: IdentityConfig;
    },
  ) {
    const { user: name = '' } = claimed;
    if (!config.provision) throw unknown('user', name, `zeke users create makes it in ${org.name}`);
    const event = {
      actor: 'zeke',
      action: 'user.provision',
      objectKind: 'user',
      detail: { name, orgId: org.id, issuer },
    } as const;
    await this.#audit.append({ ...event, outcome: 'begun' });
    try {
      const role = claimed.role ?? config.defaultRole;
      const { id } = await this.#users.create({ name, orgId: org.id, teamId: team?.id, role });
      await this.#audit.append({ ...event, objectId: id, outcome: 'ok' });
    } catch (reason) {
      // Several requests of somebody new may come at once, and one of them is first.
      const { code } = RpcError.from(reason);
      if (code !== 'already_exists') throw reason;
      const detail = { ...event.detail, error: code };
      await this.#audit.append({ ...event, outcome: 'failed', detail });
    }
    const user = await this.#user(org, name);
    if (!user) throw unknown('user', name, 'it was removed just now');
    return user;
  }
}

function unknown(what: string, name: string, hint: string): RpcError {
  return apiError(
    'unauthenticated',
    `the token names the ${what} ${name}, which is not there; ${hint}`,
    {
      reason: 'invalid_api_key',
    },
  );
}
