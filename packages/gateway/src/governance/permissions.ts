import { type RoleName, roleNames } from '@zeke/foundation';
import { apiError } from '../neutral/api-error.ts';
import type { Caller } from './authenticate.ts';

/** From the mightiest to the least. */
export const roles = roleNames;
export type Role = RoleName;

/** How far a permission goes: to the whole organisation, to the caller's team, to what is the caller's own. */
type Reach = 'org' | 'team' | 'own' | 'none';

/**
 * Who may what: the one table. The operator (the admin key, and keys with the scope admin that belong
 * to nobody) may everything; `gateway.operate` is the operator's alone.
 */
const reaches = {
  'models.call': { admin: 'own', manager: 'own', member: 'own', viewer: 'none' },
  'usage.read': { admin: 'org', manager: 'team', member: 'own', viewer: 'team' },
  'keys.read': { admin: 'org', manager: 'team', member: 'own', viewer: 'team' },
  'keys.write': { admin: 'org', manager: 'team', member: 'own', viewer: 'none' },
  'entities.read': { admin: 'org', manager: 'org', member: 'team', viewer: 'team' },
  'users.write': { admin: 'org', manager: 'team', member: 'none', viewer: 'none' },
  'teams.write': { admin: 'org', manager: 'none', member: 'none', viewer: 'none' },
  'budgets.read': { admin: 'org', manager: 'team', member: 'own', viewer: 'team' },
  'budgets.write': { admin: 'org', manager: 'team', member: 'none', viewer: 'none' },
  'consent.read': { admin: 'org', manager: 'team', member: 'own', viewer: 'team' },
  'consent.decide': { admin: 'org', manager: 'team', member: 'none', viewer: 'none' },
  'content.read': { admin: 'org', manager: 'none', member: 'none', viewer: 'none' },
  'gateway.operate': { admin: 'none', manager: 'none', member: 'none', viewer: 'none' },
} as const satisfies Record<string, Record<Role, Reach>>;

export type Action = keyof typeof reaches;

/** What an action is done to. What lies in no organisation is the operator's. */
export interface Target {
  orgId?: string | undefined;
  teamId?: string | undefined;
  userId?: string | undefined;
}

/** Throws `permission_denied` unless the caller may do this to something at all, by scope and role. */
export function authorize(caller: Caller, action: Action): void {
  if (action === 'models.call') {
    if (!caller.inference) throw denied('this API key lacks the scope inference');
  } else if (!caller.admin) {
    throw denied('this needs the admin key (auth.admin_api_key) or a key with the scope admin');
  }
  if (reachOf(caller, action) === 'none') {
    throw denied(`the role ${caller.role} does not include ${action}`);
  }
}

/** Whether the caller may do this to that. `authorize` is to be asked first. */
export function mayReach(caller: Caller, action: Action, target: Target): boolean {
  switch (reachOf(caller, action)) {
    case 'all':
      return true;
    case 'org':
      return isSame(caller.orgId, target.orgId);
    case 'team':
      return isSame(caller.orgId, target.orgId) && isSame(caller.teamId, target.teamId);
    case 'own':
      return isSame(caller.orgId, target.orgId) && isOwn(caller, target);
    case 'none':
      return false;
  }
}

/** Throws `permission_denied` unless the caller may do this to that; `what` names it. */
export function authorizeFor(caller: Caller, action: Action, target: Target, what: string): void {
  authorize(caller, action);
  if (mayReach(caller, action, target)) return;
  throw denied(`the role ${caller.role} does not include ${action} for ${what}`);
}

/** Whether the caller may give this role, or act for one who has it: none above its own. */
export function mayGrant(caller: Caller, role: Role): boolean {
  return caller.role === undefined || roles.indexOf(caller.role) <= roles.indexOf(role);
}

/** What a list for this caller is limited to; undefined where it is not. */
export function scopeOf(caller: Caller, action: Action): Target | undefined {
  const reach = reachOf(caller, action);
  if (reach === 'all') return undefined;
  // A role always stands in an organisation; text that is no id keeps a broken one from seeing all.
  const scope: Target = { orgId: caller.orgId ?? '' };
  if (reach === 'team' || (reach === 'own' && caller.userId === undefined)) {
    scope.teamId = caller.teamId ?? '';
  }
  if (reach === 'own' && caller.userId !== undefined) scope.userId = caller.userId;
  return scope;
}

function reachOf(caller: Caller, action: Action): Reach | 'all' {
  return caller.role === undefined ? 'all' : reaches[action][caller.role];
}

/** A key of a team without a user has what is its team's for its own. */
function isOwn(caller: Caller, target: Target): boolean {
  if (caller.userId !== undefined) return caller.userId === target.userId;
  return target.userId === undefined && isSame(caller.teamId, target.teamId);
}

function isSame(mine: string | undefined, others: string | undefined): boolean {
  return mine !== undefined && mine === others;
}

function denied(message: string) {
  return apiError('permission_denied', message, { reason: 'permission_denied' });
}
