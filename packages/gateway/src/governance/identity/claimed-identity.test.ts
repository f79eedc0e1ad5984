import { describe, expect, test } from 'bun:test';
import { type IdentityConfig, roleNames } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import fc from 'fast-check';
import { claimedIdentity } from './claimed-identity.ts';

const plain: IdentityConfig = {
  org: 'acme',
  userClaim: 'sub',
  roles: new Map(),
  defaultRole: 'member',
  grants: ['inference'],
  provision: false,
};

const full: IdentityConfig = {
  ...plain,
  orgClaim: 'org',
  teamClaim: 'team',
  roleClaim: 'realm_access.roles',
  modelsClaim: 'https://zeke.example/models',
  grantsClaim: 'scope',
};

test('without more the user is named and nothing else is said', () => {
  expect(claimedIdentity({ sub: 'ada', role: 'admin', scope: 'admin' }, plain)).toEqual({
    org: 'acme',
    user: 'ada',
    grants: ['inference'],
  });
});

test('all that claims can say', () => {
  const claims = {
    sub: 'ada',
    org: 'beta',
    team: 'research',
    realm_access: { roles: ['offline_access', 'manager'] },
    'https://zeke.example/models': ['gpt-*'],
    scope: 'openid admin inference',
  };
  expect(claimedIdentity(claims, full)).toEqual({
    org: 'beta',
    user: 'ada',
    team: 'research',
    role: 'manager',
    grants: ['inference', 'admin'],
    allowedModels: ['gpt-*'],
  });
});

describe('the role is', () => {
  const ops = new Map([
    ['ops', 'admin'],
    ['staff', 'viewer'],
  ] as const);
  const roleOf = (groups: unknown, roles: IdentityConfig['roles']) =>
    claimedIdentity({ sub: 'a', groups }, { ...plain, roleClaim: 'groups', roles }).role;

  test('the mightiest of those that are said', () => {
    expect(roleOf(['viewer', 'admin', 'member'], new Map())).toBe('admin');
    expect(roleOf(['staff', 'ops'], ops)).toBe('admin');
    expect(roleOf('staff', ops)).toBe('viewer');
  });

  test('the default one where none is said, and no word that is not mapped counts', () => {
    for (const said of [undefined, [], ['admin'], 'admin', ['toString', '__proto__']]) {
      expect(roleOf(said, ops)).toBe('member');
    }
    expect(roleOf(['root'], new Map())).toBe('member');
  });
});

test('a team without a user is enough, an organisation is not', () => {
  const teamOnly = claimedIdentity({ team: 'ci', org: 'beta' }, full);
  expect(teamOnly).toMatchObject({ org: 'beta', team: 'ci' });
  expect(teamOnly).not.toHaveProperty('user');
});

describe('refused, with the claim named', () => {
  const { org: _, ...withoutOrg } = full;
  test.each<[string, Record<string, unknown>, IdentityConfig]>([
    ['sub', {}, plain],
    ['sub', { sub: null }, plain],
    ['sub', { sub: 7 }, plain],
    ['sub', { sub: '' }, plain],
    ['sub', { sub: 'a\nb' }, plain],
    ['sub', { sub: 'a'.repeat(201) }, plain],
    ['sub', { sub: ['ada'] }, plain],
    ['org', { sub: 'ada' }, withoutOrg],
    ['org', { sub: 'ada', org: { id: 1 } }, full],
    ['team', { sub: 'ada', team: ['a', 'b'] }, full],
    ['realm_access.roles', { sub: 'ada', realm_access: { roles: [1] } }, full],
    ['scope', { sub: 'ada', scope: { admin: true } }, full],
    ['https://zeke.example/models', { sub: 'a', 'https://zeke.example/models': 5 }, full],
    [
      'https://zeke.example/models',
      { sub: 'a', 'https://zeke.example/models': Array(201).fill('m') },
      full,
    ],
    [
      'email_verified',
      { email: 'a@b.c', email_verified: 'false' },
      { ...plain, userClaim: 'email' },
    ],
    ['email_verified', { email: 'a@b.c', email_verified: false }, { ...plain, userClaim: 'email' }],
  ])('%s in %j', (claim, claims, config) => {
    expect(() => claimedIdentity(claims, config)).toThrow(`the claim "${claim}" of the token`);
  });
});

test('whatever claims are, somebody in an organisation with a role of ours, or a refusal', () => {
  const claim = fc.oneof(fc.constantFrom('ada', 'admin', 'ops', 'inference'), fc.jsonValue());
  const claims = fc.record(
    { sub: claim, org: claim, team: claim, realm_access: claim, scope: claim, roles: claim },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      claims,
      fc.constantFrom('realm_access.roles', 'roles', 'scope'),
      (given, roleClaim) => {
        try {
          const identity = claimedIdentity(given as never, { ...full, roleClaim });
          expect(identity.org).not.toBe('');
          expect(identity.user ?? identity.team).toBeString();
          expect(roleNames).toContain(identity.role as never);
          for (const grant of identity.grants) expect(['inference', 'admin']).toContain(grant);
        } catch (reason) {
          expect(reason).toBeInstanceOf(RpcError);
          expect((reason as RpcError).code).toBe('unauthenticated');
        }
      },
    ),
    { numRuns: 500 },
  );
});
