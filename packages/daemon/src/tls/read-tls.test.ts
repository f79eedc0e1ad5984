import { afterAll, beforeAll, expect, test } from 'bun:test';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TlsConfig } from '@zeke/foundation';
import { type TemporaryDirectory, temporaryDirectory } from '@zeke/foundation/testing';
import {
  localNames,
  type TestAuthority,
  type TestIdentity,
  testAuthority,
} from '../testing/test-authority.ts';
import { readTls } from './read-tls.ts';

let folder: TemporaryDirectory;
let authority: TestAuthority;
let good: TestIdentity;

beforeAll(async () => {
  folder = await temporaryDirectory();
  authority = await testAuthority();
  good = await authority.issue({ subject: 'CN=zeke,O=Corp', names: localNames });
});

afterAll(() => folder[Symbol.asyncDispose]());

/** Writes what is given and reads it as TLS. */
async function read(
  texts: { cert?: string; key?: string; ca?: string; crl?: string },
  more: Partial<TlsConfig> = {},
) {
  const at = (name: string) => join(folder.path, name);
  const write = (name: string, text: string | undefined) =>
    text === undefined ? undefined : writeFile(at(name), text, { mode: 0o600 });
  await write('cert.pem', texts.cert ?? good.cert);
  await write('key.pem', texts.key ?? good.key);
  await write('ca.pem', texts.ca);
  await write('crl.pem', texts.crl);
  return await readTls(
    {
      certFile: at('cert.pem'),
      keyFile: at('key.pem'),
      ...(texts.ca === undefined ? {} : { clientCaFile: at('ca.pem') }),
      ...(texts.crl === undefined ? {} : { clientCrlFile: at('crl.pem') }),
      clientAuth: texts.ca === undefined ? 'none' : 'required',
      minVersion: '1.2',
      ...more,
    },
    Date.now(),
  );
}

test('what belongs together is taken as it is', async () => {
  const crl = await authority.revoke(['01']);
  const result = await read({ ca: authority.cert, crl });
  expect(result).toMatchObject({
    ok: true,
    warnings: [],
    material: { ...good, ca: authority.cert, crl, clientAuth: 'required' },
    certificate: { subject: expect.stringContaining('CN=zeke') },
  });
});

test('a certificate that is over is a warning', async () => {
  const old = await authority.issue({ subject: 'CN=old', endsInDays: -1 });
  const result = await read(old);
  expect(result.ok && result.warnings).toEqual([
    expect.stringMatching(
      /server\.tls\.cert_file: .*cert\.pem: the certificate CN=old expired at 20/,
    ),
  ]);
});

test('a certificate for later is a warning', async () => {
  const result = await readTls(
    {
      certFile: join(folder.path, 'cert.pem'),
      keyFile: join(folder.path, 'key.pem'),
      clientAuth: 'none',
      minVersion: '1.2',
    },
    0,
  );
  expect(result.ok && result.warnings[0]).toContain('is not valid before');
});

test('every fault is told with its key and its file', async () => {
  const missing = join(folder.path, 'missing');
  const { ok, ...told } = await read(
    {},
    {
      certFile: missing,
      keyFile: folder.path,
      clientCaFile: `${missing}-ca`,
      clientAuth: 'optional',
    },
  );
  expect(ok).toBe(false);
  expect(told).toEqual({
    faults: expect.arrayContaining([
      `server.tls.cert_file: ${missing}: there is no such file`,
      `server.tls.key_file: ${folder.path}: it is a folder`,
      `server.tls.client_ca_file: ${missing}-ca: there is no such file`,
    ]),
  });
});

test('a file that may not be read, but by root, who may read all', async () => {
  await read({});
  const path = join(folder.path, 'key.pem');
  await chmod(path, 0o000);
  const result = await readTls(
    {
      certFile: join(folder.path, 'cert.pem'),
      keyFile: path,
      clientAuth: 'none',
      minVersion: '1.2',
    },
    Date.now(),
  );
  if (process.getuid?.() === 0) expect(result.ok).toBe(true);
  else {
    const faults = [expect.stringContaining('it may not be read')];
    expect(result).toEqual({ ok: false, faults });
  }
});

test.each([
  ['a text that is no certificate', async () => ({ cert: 'hello' }), 'it has no -----BEGIN'],
  [
    'a certificate that was cut',
    async () => ({ cert: good.cert.replace(/\n[^\n]{10,}\n/, '\n') }),
    'was the text cut?',
  ],
  ['a key that is none', async () => ({ key: 'x' }), 'it is no private key in PEM'],
  [
    'a key with a passphrase',
    async () => ({ key: '-----BEGIN ENCRYPTED PRIVATE KEY-----\n' }),
    'without a passphrase',
  ],
  [
    'the key of another certificate',
    async () => ({ key: (await authority.issue({ subject: 'CN=other' })).key }),
    'it is not the key of the first certificate',
  ],
  ['authorities that are none', async () => ({ ca: '' }), 'server.tls.client_ca_file'],
  [
    'a list of nothing',
    async () => ({ ca: authority.cert, crl: 'none' }),
    'server.tls.client_crl_file',
  ],
  [
    'a list that was cut',
    async () => ({
      ca: authority.cert,
      crl: '-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n',
    }),
    'server.tls: its files cannot be used',
  ],
])('%s is refused', async (_, texts, fault) => {
  const result = await read(await texts());
  expect(result.ok ? [] : result.faults).toEqual([expect.stringContaining(fault)]);
});

test('no fault shows anything of a key', async () => {
  const secret = good.key.split('\n')[1] ?? '';
  const result = await read({ key: `-----BEGIN PRIVATE KEY-----\n${secret}\n` });
  expect(result.ok).toBe(false);
  expect(JSON.stringify(result)).not.toContain(secret);
});
