import type { AuditedAction } from './audited.ts';

const entity = ['name', 'orgId'] as const;
const user = [...entity, 'teamId', 'role'] as const;
const key = ['name', 'owner', 'last4', 'scopes', 'allowedModels', 'expiresAtMs'] as const;
const keyPlace = ['orgId', 'teamId', 'userId', 'tier'] as const;

/** How every endpoint that changes something stands on the audit log, by the name of its route. */
export const auditedActions = {
  'key-create': { action: 'key.create', keeps: [...key, ...keyPlace] },
  'key-change': { action: 'key.change', keeps: ['name', 'owner', 'last4', 'tier'] },
  'key-rotate': { action: 'key.rotate', keeps: ['name', 'owner', 'last4', 'retired'] },
  'key-revoke': { action: 'key.revoke', keeps: ['name', 'owner', 'last4'] },
  'limits-reset': { action: 'limits.reset', id: ['kind', 'id'], keeps: ['freed'] },
  logout: { action: 'auth.logout', keeps: ['owner'] },
  'org-create': { action: 'org.create', keeps: entity },
  'org-rename': { action: 'org.rename', keeps: entity },
  'org-delete': { action: 'org.delete', keeps: entity },
  'team-create': { action: 'team.create', keeps: entity },
  'team-rename': { action: 'team.rename', keeps: entity },
  'team-delete': { action: 'team.delete', keeps: entity },
  'user-create': { action: 'user.create', keeps: user },
  'user-change': { action: 'user.change', keeps: user },
  'user-delete': { action: 'user.delete', keeps: user },
  'budget-set': {
    action: 'budget.set',
    id: ['kind', 'id', 'period', 'mode'],
    keeps: ['name', 'limitMicroUsd'],
  },
  'budget-delete': { action: 'budget.delete' },
  'consent-decide': {
    action: 'consent.decide',
    id: ['consent_id'],
    keeps: ['decision', 'caller', 'for', 'session_id', 'project'],
  },
  'content-read': { action: 'content.read', keeps: ['keyId', 'owner', 'orgId', 'project'] },
  'content-delete': { action: 'content.delete' },
  'cache-clear': { action: 'cache.clear', keeps: ['cleared'] },
} as const satisfies Record<string, AuditedAction>;

/** The name of a route that changes something. */
export type AuditedRoute = keyof typeof auditedActions;
