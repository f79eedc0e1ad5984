import { beforeAll, expect, test } from 'bun:test';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLogger, createMetrics, type TlsConfig } from '@zeke/foundation';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { type TestAuthority, type TestIdentity, testAuthority } from '../testing/test-authority.ts';
import type { TlsMaterial } from './read-tls.ts';
import { ServerTls } from './server-tls.ts';

let authority: TestAuthority;
let first: TestIdentity;
let second: TestIdentity;

beforeAll(async () => {
  authority = await testAuthority();
  first = await authority.issue({ subject: 'CN=first' });
  second = await authority.issue({ subject: 'CN=second' });
});

async function rig() {
  const folder = await temporaryDirectory();
  const lines: Record<string, unknown>[] = [];
  const log = createLogger({
    destination: {
      write: (text) =>
        void lines.push(
          ...text
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line)),
        ),
    },
  });
  const metrics = await createMetrics({ processMetrics: false });
  const write = async ({ cert, key }: TestIdentity, prefix = '') => {
    await writeFile(join(folder.path, `${prefix}cert.pem`), cert);
    await writeFile(join(folder.path, `${prefix}key.pem`), key);
  };
  const config = (prefix = ''): TlsConfig => ({
    certFile: join(folder.path, `${prefix}cert.pem`),
    keyFile: join(folder.path, `${prefix}key.pem`),
    clientAuth: 'none',
    minVersion: '1.2',
  });
  await write(first);
  const tls = await ServerTls.open(config(), { log, metrics, now: Date.now });
  const used: TlsMaterial[] = [];
  tls.follow((material) => used.push(material));
  return {
    tls,
    used,
    lines,
    metrics,
    config,
    write,
    async [Symbol.asyncDispose]() {
      tls[Symbol.dispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

test('what the files hold anew is used, once', async () => {
  await using at = await rig();
  expect(at.tls.material.cert).toBe(first.cert);
  await at.tls.look();
  expect(at.used).toEqual([]);
  await at.write(second);
  await Promise.all([at.tls.look(), at.tls.look()]);
  expect(at.used.map(({ cert }) => cert)).toEqual([second.cert]);
  expect(at.lines.map(({ msg, subject }) => [msg, subject])).toEqual([
    ['the certificate is in force', 'CN=first'],
    ['the certificate is in force', 'CN=second'],
  ]);
});

test('a pair that does not belong together changes nothing, is told once, and may become good', async () => {
  await using at = await rig();
  await at.write({ ...second, key: first.key });
  await at.tls.look();
  await at.tls.look();
  expect(at.used).toEqual([]);
  const errors = () => at.lines.filter(({ level }) => level === 'error');
  expect(errors()).toHaveLength(1);
  expect(errors()[0]).toMatchObject({
    faults: [expect.stringContaining('it is not the key of the first certificate')],
  });
  await at.write(second);
  await at.tls.look();
  expect(at.used.map(({ cert }) => cert)).toEqual([second.cert]);
});

test('another configuration is looked at before it is put in force', async () => {
  await using at = await rig();
  await expect(at.tls.prepare(at.config('new-'))).rejects.toMatchObject({
    code: 'failed_precondition',
    message: expect.stringMatching(/cert_file: .*no such file[\s\S]*key_file: .*no such file/),
  });
  await at.write(second, 'new-');
  const putInForce = await at.tls.prepare(at.config('new-'));
  expect(at.used).toEqual([]);
  putInForce();
  expect(at.used.map(({ cert }) => cert)).toEqual([second.cert]);
  // The old files are nobody's any more.
  await at.write({ cert: '', key: '' });
  await at.tls.look();
  expect(at.used).toHaveLength(1);
});

test('when the certificate expires is a metric', async () => {
  await using at = await rig();
  const text = await at.metrics.text();
  const told = /^zeke_tls_certificate_expiry_timestamp_seconds (\S+)$/m.exec(text)?.[1];
  expect(Math.abs(Number(told) * 1_000 - Date.now() - 86_400_000)).toBeLessThan(60_000);
});

test('a start with files that cannot be used tells all that is wrong', async () => {
  await using at = await rig();
  const { metrics } = at;
  const log = createLogger({ level: 'silent' });
  await expect(
    ServerTls.open(at.config('none-'), { log, metrics, now: Date.now }),
  ).rejects.toMatchObject({
    code: 'failed_precondition',
    message: expect.stringMatching(/cert_file[\s\S]*key_file/),
  });
});
