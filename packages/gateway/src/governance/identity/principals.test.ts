import { describe, expect, test } from 'bun:test';
import type { IdentityConfig } from '@zeke/foundation';
import { AuditLog } from '../audit/audit-log.ts';
import { Orgs } from '../entities/orgs.ts';
import { Teams } from '../entities/teams.ts';
import { Users } from '../entities/users.ts';
import { storageKinds, testStorage } from '../testing/test-storage.ts';
import { Principals } from './principals.ts';

const config: IdentityConfig = {
  userClaim: 'sub',
  roles: new Map(),
  defaultRole: 'viewer',
  grants: ['inference'],
  provision: true,
};
const grants = ['inference'] as const;

for (const { kind, skip } of storageKinds) {
  describe.skipIf(skip)(`principals on ${kind}`, () => {
    async function start() {
      const fixture = await testStorage(kind);
      const options = { storage: fixture.storage, now: () => 0 };
      const users = new Users(options);
      const audit = new AuditLog(options);
      const principals = new Principals({ storage: fixture.storage, users, audit });
      const [acme, beta] = [
        await new Orgs(options).create('acme'),
        await new Orgs(options).create('beta'),
      ];
      const team = await new Teams(options).create({ name: 'research', orgId: acme.id });
      const ada = await users.create({
        name: 'ada',
        orgId: acme.id,
        teamId: team.id,
        role: 'manager',
      });
      return { fixture, principals, users, audit, acme, beta, team, ada };
    }

    test('organisations, teams and users by name and by id', async () => {
      const { acme, ada, fixture, principals, team } = await start();
      await using _ = fixture;
      const expected = {
        orgId: acme.id,
        teamId: team.id,
        userId: ada.id,
        name: 'ada',
        role: 'manager',
      };
      for (const org of ['acme', acme.id]) {
        for (const user of ['ada', ada.id]) {
          const found = await principals.find('x', { org, user, team: 'research', grants }, config);
          expect(found).toEqual(expected as never);
        }
      }
      const own = await principals.find(
        'x',
        { org: 'acme', user: 'ada', role: 'admin', grants },
        config,
      );
      expect(own).toMatchObject({ role: 'admin', teamId: team.id });
      const program = await principals.find('x', { org: 'acme', team: team.id, grants }, config);
      expect(program).toEqual({
        orgId: acme.id,
        teamId: team.id,
        name: 'research',
        role: 'member',
      });
    });

    test('a user or a team of another organisation is not there', async () => {
      const { ada, fixture, principals, team } = await start();
      await using _ = fixture;
      const strict = { ...config, provision: false };
      const find = (named: object) =>
        principals.find('x', { org: 'beta', grants, ...named }, strict);
      await expect(find({ user: 'ada' })).rejects.toThrow('the user ada, which is not there');
      await expect(find({ user: ada.id })).rejects.toMatchObject({ code: 'unauthenticated' });
      await expect(find({ team: team.id })).rejects.toThrow('the team');
    });

    test('somebody new is made once, by however many at once, with the default role', async () => {
      const { acme, audit, fixture, principals, users } = await start();
      await using _ = fixture;
      const find = () => principals.find('okta', { org: 'acme', user: 'grace', grants }, config);
      const found = await Promise.all(Array.from({ length: 6 }, find));
      expect(new Set(found.map(({ userId }) => userId)).size).toBe(1);
      const made = (await users.list(acme.id)).filter(({ name }) => name === 'grace');
      expect(made).toMatchObject([{ role: 'viewer', orgId: acme.id }]);
      const query = { action: 'user.provision', order: 'asc', limit: 100, all: true } as const;
      const ended = (await audit.list(query)).filter(({ outcome }) => outcome === 'ok');
      expect(ended).toMatchObject([{ detail: { name: 'grace', issuer: 'okta' } }]);
    });
  });
}
