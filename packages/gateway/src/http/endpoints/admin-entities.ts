import { z } from 'zod';
import type { Caller } from '../../governance/authenticate.ts';
import { authorizeFor, mayGrant, roles, scopeOf } from '../../governance/permissions.ts';
import { type Exchange, jsonResponse } from '../exchange.ts';
import { parseJsonObject, readBody } from '../read-body.ts';
import type { Services } from '../services.ts';
import { oneOf, parsed, roleAbove, shownText, wrong } from './admin-input.ts';

export const createOrgRequest = z.strictObject({ name: shownText() }).meta({ id: 'CreateOrg' });
export const renameRequest = z.strictObject({ name: shownText() }).meta({ id: 'Rename' });
export const createTeamRequest = z
  .strictObject({ name: shownText(), org_id: shownText().describe('Its organisation.') })
  .meta({ id: 'CreateTeam' });
export const createUserRequest = z
  .strictObject({
    name: shownText(),
    org_id: shownText().describe('Its organisation.'),
    team_id: shownText().optional().describe('Its team, of the same organisation.'),
    role: oneOf(roles).default('member'),
  })
  .meta({ id: 'CreateUser' });
export const changeUserRequest = z
  .strictObject({
    name: shownText().optional(),
    team_id: shownText().nullable().optional().describe('null takes it out of its team.'),
    role: oneOf(roles).optional(),
  })
  .meta({ id: 'ChangeUser' });
export const entityQuery = z
  .strictObject({ org: z.string().optional().describe("An organisation's id.") })
  .meta({ id: 'EntityQuery' });

/** `POST /admin/orgs` */
export async function createOrg(services: Services, exchange: Exchange): Promise<Response> {
  const { name } = parsed(createOrgRequest, await bodyOf(services, exchange));
  const org = await services.entities.orgs.create(name);
  return jsonResponse(exchange, org, { status: 201 });
}

/** `GET /admin/orgs`: those in the caller's reach. */
export async function listOrgs(services: Services, exchange: Exchange): Promise<Response> {
  const scope = scopeOf(exchange.caller, 'entities.read');
  const orgs = await services.entities.orgs.list();
  const data = scope ? orgs.filter(({ id }) => id === scope.orgId) : orgs;
  return jsonResponse(exchange, { data });
}

/** `PATCH /admin/orgs/{id}` */
export async function renameOrg(
  services: Services,
  exchange: Exchange,
  id: string,
): Promise<Response> {
  const { name } = parsed(renameRequest, await bodyOf(services, exchange));
  const org = await services.entities.orgs.rename(id, name);
  services.budgets.rename('org', id, name);
  return jsonResponse(exchange, org);
}

/** `DELETE /admin/orgs/{id}` */
export async function deleteOrg(
  services: Services,
  exchange: Exchange,
  id: string,
): Promise<Response> {
  const org = await services.entities.orgs.remove(id);
  services.budgets.forget('org', id);
  return jsonResponse(exchange, org);
}

/** `POST /admin/teams` */
export async function createTeam(services: Services, exchange: Exchange): Promise<Response> {
  const { name, org_id: orgId } = parsed(createTeamRequest, await bodyOf(services, exchange));
  authorizeFor(exchange.caller, 'teams.write', { orgId }, `the organisation ${orgId}`);
  await services.entities.orgs.get(orgId, 'org_id');
  const team = await services.entities.teams.create({ name, orgId });
  return jsonResponse(exchange, team, { status: 201 });
}

/** `GET /admin/teams`: those in the caller's reach. */
export async function listTeams(services: Services, exchange: Exchange): Promise<Response> {
  const scope = scopeOf(exchange.caller, 'entities.read');
  const teams = await services.entities.teams.list(orgOf(exchange));
  const data = teams.filter(({ id }) => scope?.teamId === undefined || id === scope.teamId);
  return jsonResponse(exchange, { data });
}

/** `PATCH /admin/teams/{id}` */
export async function renameTeam(
  services: Services,
  exchange: Exchange,
  id: string,
): Promise<Response> {
  const { name } = parsed(renameRequest, await bodyOf(services, exchange));
  const { orgId } = await services.entities.teams.get(id);
  authorizeFor(exchange.caller, 'teams.write', { orgId }, `the team ${id}`);
  const team = await services.entities.teams.rename(id, name);
  services.budgets.rename('team', id, name);
  return jsonResponse(exchange, team);
}

/** `DELETE /admin/teams/{id}`: its keys are revoked. */
export async function deleteTeam(
  services: Services,
  exchange: Exchange,
  id: string,
): Promise<Response> {
  const { orgId } = await services.entities.teams.get(id);
  authorizeFor(exchange.caller, 'teams.write', { orgId }, `the team ${id}`);
  const team = await services.entities.teams.remove(id);
  services.keys.forgetAll();
  services.budgets.forget('team', id);
  return jsonResponse(exchange, team);
}

/** `POST /admin/users` */
export async function createUser(services: Services, exchange: Exchange): Promise<Response> {
  const given = parsed(createUserRequest, await bodyOf(services, exchange));
  const { name, org_id: orgId, role, team_id: teamId } = given;
  const { caller } = exchange;
  authorizeFor(caller, 'users.write', { orgId, teamId }, `the organisation ${orgId}`);
  if (!mayGrant(caller, role)) throw roleAbove(caller, role);
  await services.entities.orgs.get(orgId, 'org_id');
  await checkTeam(services, orgId, teamId);
  const user = await services.entities.users.create({ name, orgId, teamId, role });
  return jsonResponse(exchange, user, { status: 201 });
}

/** `GET /admin/users`: those in the caller's reach. */
export async function listUsers(services: Services, exchange: Exchange): Promise<Response> {
  const scope = scopeOf(exchange.caller, 'entities.read');
  const users = await services.entities.users.list(orgOf(exchange));
  const data = users.filter(({ teamId }) => scope?.teamId === undefined || teamId === scope.teamId);
  return jsonResponse(exchange, { data });
}

/** `PATCH /admin/users/{id}` */
export async function changeUser(
  services: Services,
  exchange: Exchange,
  id: string,
): Promise<Response> {
  const given = parsed(changeUserRequest, await bodyOf(services, exchange));
  const { name, role, team_id: teamId } = given;
  const { caller } = exchange;
  const { orgId } = await reachedUser(services, caller, id);
  if (role && !mayGrant(caller, role)) throw roleAbove(caller, role);
  if (teamId !== undefined) {
    const target = { orgId, teamId: teamId ?? undefined };
    authorizeFor(caller, 'users.write', target, `the team ${teamId}`);
  }
  await checkTeam(services, orgId, teamId ?? undefined);
  const user = await services.entities.users.change(id, { name, role, teamId });
  services.keys.forgetAll();
  if (name !== undefined) services.budgets.rename('user', id, name);
  return jsonResponse(exchange, user);
}

/** `DELETE /admin/users/{id}`: its keys are revoked. */
export async function deleteUser(
  services: Services,
  exchange: Exchange,
  id: string,
): Promise<Response> {
  await reachedUser(services, exchange.caller, id);
  const user = await services.entities.users.remove(id);
  services.keys.forgetAll();
  services.budgets.forget('user', id);
  return jsonResponse(exchange, user);
}

async function bodyOf(services: Services, exchange: Exchange) {
  return parseJsonObject(await readBody(exchange, services));
}

/** The organisation that a list is of: the caller's own, whatever it asks for, unless it may see all. */
function orgOf({ caller, query }: Exchange): string | undefined {
  const { org } = parsed(entityQuery, Object.fromEntries(new URLSearchParams(query)));
  return scopeOf(caller, 'entities.read')?.orgId ?? org;
}

async function reachedUser({ entities }: Services, caller: Caller, id: string) {
  const user = await entities.users.get(id);
  authorizeFor(caller, 'users.write', { ...user, userId: id }, `the user ${id}`);
  if (!mayGrant(caller, user.role)) throw roleAbove(caller, user.role);
  return user;
}

async function checkTeam(
  { entities }: Services,
  orgId: string,
  teamId: string | undefined,
): Promise<void> {
  if (teamId === undefined) return;
  const team = await entities.teams.get(teamId, 'team_id');
  if (team.orgId !== orgId) throw wrong('team_id', 'the team is of another organisation');
}
