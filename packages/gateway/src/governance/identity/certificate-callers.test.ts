import { expect, test } from 'bun:test';
import { createLogger, openStorage, type Storage } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { AuditLog } from '../audit/audit-log.ts';
import { Users } from '../entities/users.ts';
import { KeyStore } from '../key-store.ts';
import { gatewayMigrations } from '../migrations.ts';
import { Outage } from '../outage.ts';
import type { GatewayTables } from '../tables.ts';
import { CertificateCallers } from './certificate-callers.ts';
import { Principals } from './principals.ts';

/** The same storage, until its line is cut. */
function over(line: { isCut: boolean }, storage: Storage<GatewayTables>): Storage<GatewayTables> {
  return new Proxy(storage, {
    get(target, name) {
      if (name === 'db' && line.isCut) throw new RpcError('unavailable', 'the line is cut');
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

test('who was known is believed for the grace while the database is away, and no longer', async () => {
  const clock = { ms: 1_000_000 };
  const now = () => clock.ms;
  await using real = await openStorage<GatewayTables>('sqlite::memory:');
  await real.migrate([gatewayMigrations]);
  const line = { isCut: false };
  const storage = over(line, real);
  const log = createLogger({ level: 'silent' });
  const keys = new KeyStore({ storage, now, outage: new Outage({ log, now, graceMs: 60_000 }) });
  const audit = new AuditLog({ storage, now });
  const principals = new Principals({ storage, users: new Users({ storage, now }), audit });
  const callers = new CertificateCallers({ keys, principals, now });
  const { key } = await keys.create({ name: 'ci', owner: 'ci' });
  callers.configure([{ name: 'ci', subject: ['CN=ci'], holder: { kind: 'key', id: key.id } }]);
  const certificate = {
    subject: ['CN=ci'],
    alternativeNames: [],
    fingerprint: 'ab'.repeat(32),
    expiresAtMs: Number.POSITIVE_INFINITY,
  };
  const stranger = { ...certificate, fingerprint: 'cd'.repeat(32) };
  expect(await callers.callerOf(certificate)).toMatchObject({ keyId: key.id });
  line.isCut = true;
  keys.forgetAll();
  expect(await callers.callerOf(certificate)).toMatchObject({ keyId: key.id });
  await expect(Promise.resolve(callers.callerOf(stranger))).rejects.toThrow();
  clock.ms += 60_001;
  keys.forgetAll();
  await expect(Promise.resolve(callers.callerOf(certificate))).rejects.toThrow();
});
