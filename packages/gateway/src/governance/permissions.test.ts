import { describe, expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import type { Caller } from './authenticate.ts';
import {
  type Action,
  authorize,
  authorizeFor,
  mayGrant,
  mayReach,
  type Role,
  roles,
  scopeOf,
} from './permissions.ts';

const operator: Caller = { admin: true, inference: true };
const of = (role: Role, fields: Partial<Caller> = {}): Caller => ({
  admin: true,
  inference: true,
  role,
  orgId: 'acme',
  teamId: 'research',
  userId: 'ada',
  ...fields,
});

const own = { orgId: 'acme', teamId: 'research', userId: 'ada' };
const mate = { ...own, userId: 'bob' };
const otherTeam = { orgId: 'acme', teamId: 'sales', userId: 'eve' };
const otherOrg = { orgId: 'globex', teamId: 'research', userId: 'ada' };
const nobodys = {};

/** Which of the five targets a role reaches, for each action. */
const reached: Record<Exclude<Action, 'models.call' | 'gateway.operate'>, Record<Role, number>> = {
  'usage.read': { admin: 3, manager: 2, member: 1, viewer: 2 },
  'keys.read': { admin: 3, manager: 2, member: 1, viewer: 2 },
  'keys.write': { admin: 3, manager: 2, member: 1, viewer: 0 },
  'entities.read': { admin: 3, manager: 3, member: 2, viewer: 2 },
  'users.write': { admin: 3, manager: 2, member: 0, viewer: 0 },
  'teams.write': { admin: 3, manager: 0, member: 0, viewer: 0 },
  'budgets.read': { admin: 3, manager: 2, member: 1, viewer: 2 },
  'budgets.write': { admin: 3, manager: 2, member: 0, viewer: 0 },
  'consent.read': { admin: 3, manager: 2, member: 1, viewer: 2 },
  'consent.decide': { admin: 3, manager: 2, member: 0, viewer: 0 },
  'content.read': { admin: 3, manager: 0, member: 0, viewer: 0 },
};

describe.each(Object.entries(reached))('%s', (action, counts) => {
  test.each(roles)('of a role: %s', (role) => {
    const targets = [own, mate, otherTeam, otherOrg, nobodys];
    const expected = targets.map((_, index) => index < counts[role]);
    expect(targets.map((target) => mayReach(of(role), action as Action, target))).toEqual(expected);
    const isAllowed = counts[role] > 0;
    const check = () => authorize(of(role), action as Action);
    if (isAllowed) expect(check).not.toThrow();
    else expect(check).toThrow(`the role ${role} does not include ${action}`);
  });

  test('the operator may, to all', () => {
    expect(() => authorize(operator, action as Action)).not.toThrow();
    for (const target of [own, otherOrg, nobodys]) {
      expect(mayReach(operator, action as Action, target)).toBe(true);
    }
    expect(scopeOf(operator, action as Action)).toBeUndefined();
  });
});

test('scopes come before roles', () => {
  expect(() => authorize({ ...operator, admin: false }, 'keys.read')).toThrow('scope admin');
  expect(() => authorize(of('admin', { admin: false }), 'keys.read')).toThrow('scope admin');
  expect(() => authorize({ ...operator, inference: false }, 'models.call')).toThrow('inference');
});

test('a viewer calls no models, and only the operator operates', () => {
  expect(() => authorize(of('viewer'), 'models.call')).toThrow('does not include models.call');
  for (const role of ['admin', 'manager', 'member'] as const) {
    expect(() => authorize(of(role), 'models.call')).not.toThrow();
    expect(() => authorize(of(role), 'gateway.operate')).toThrow('gateway.operate');
  }
});

test('what is missing is never the same', () => {
  const homeless: Caller = { admin: true, inference: true, role: 'admin' };
  expect(mayReach(homeless, 'keys.read', nobodys)).toBe(false);
  expect(scopeOf(homeless, 'keys.read')).toEqual({ orgId: '' });
  const loner: Caller = { admin: true, inference: true, role: 'manager', orgId: 'acme' };
  expect(mayReach(loner, 'keys.read', { orgId: 'acme' })).toBe(false);
  expect(scopeOf(loner, 'keys.read')).toEqual({ orgId: 'acme', teamId: '' });
});

test('a key of a team has for its own what is the team and no user', () => {
  const { userId: _, ...key } = of('member');
  expect(mayReach(key, 'keys.write', { orgId: 'acme', teamId: 'research' })).toBe(true);
  expect(mayReach(key, 'keys.write', mate)).toBe(false);
  expect(scopeOf(key, 'usage.read')).toEqual({ orgId: 'acme', teamId: 'research' });
});

test('no role grants one above itself', () => {
  const granted = (role: Role) => roles.filter((each) => mayGrant(of(role), each));
  expect(granted('admin')).toEqual([...roles]);
  expect(granted('manager')).toEqual(['manager', 'member', 'viewer']);
  expect(granted('viewer')).toEqual(['viewer']);
  expect(roles.every((role) => mayGrant(operator, role))).toBe(true);
});

test('a refusal names what was asked for', () => {
  try {
    authorizeFor(of('manager'), 'keys.write', otherTeam, 'the key k1');
    expect.unreachable();
  } catch (reason) {
    expect(RpcError.from(reason)).toMatchObject({
      code: 'permission_denied',
      message: 'the role manager does not include keys.write for the key k1',
    });
  }
});
