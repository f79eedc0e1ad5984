import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { temporaryDirectory } from '../testing/index.ts';
import { formatFault } from './config-fault.ts';
import { loadConfig } from './load-config.ts';

const tls =
  '[server.tls]\ncert_file = "c"\nkey_file = "k"\nclient_ca_file = "a"\nclient_auth = "optional"\n';

async function load(toml: string) {
  await using folder = await temporaryDirectory();
  await Bun.write(join(folder.path, 'zeke.toml'), toml);
  return await loadConfig({ cwd: folder.path, environment: {} });
}

async function faultsOf(rule: string): Promise<string[]> {
  const result = await load(`${tls}[auth.mtls.ci]\n${rule}\n`);
  return result.ok ? [] : result.faults.map(formatFault);
}

test('rules are in the order of the file, and there are none without a word', async () => {
  const print = 'AB:'.repeat(31);
  const result = await load(`${tls}
[auth.mtls.zeta]
subject = "CN=*, O=Corp"
org = "acme"
user = "*"
tier = "pro"

[auth.mtls.alpha]
san = "URI:spiffe://corp/ci"
fingerprint = "${print}AB"
key = "key_1"
`);
  if (!result.ok) throw new Error(result.faults.map(formatFault).join('\n'));
  expect(result.config.auth.mtls).toEqual([
    {
      name: 'zeta',
      subject: ['CN=*', 'O=Corp'],
      holder: { kind: 'member', org: 'acme', user: '*', grants: ['inference'], tier: 'pro' },
    },
    {
      name: 'alpha',
      alternativeName: 'URI:spiffe://corp/ci',
      fingerprint: 'ab'.repeat(32),
      holder: { kind: 'key', id: 'key_1' },
    },
  ]);
  const without = await load('');
  expect(without.ok && without.config.auth.mtls).toBe(undefined as never);
});

describe('a rule that cannot be is told by its key', () => {
  test.each([
    ['key = "k"', 'zeke.toml:6 auth.mtls.ci.subject: a rule has subject, san or fingerprint'],
    ['subject = "ci"\nkey = "k"', 'zeke.toml:7 auth.mtls.ci.subject: it is a list of attributes'],
    ['san = "ci.corp"\nkey = "k"', 'zeke.toml:7 auth.mtls.ci.san: it begins with its kind'],
    ['san = "DNS:*.*"\nkey = "k"', 'auth.mtls.ci.san: a rule may hold one * only'],
    ['fingerprint = "12"\nkey = "k"', 'auth.mtls.ci.fingerprint: it is no SHA-256'],
    ['subject = "CN=ci"', 'auth.mtls.ci.org: it is missing'],
    ['subject = "CN=ci"\norg = "acme"', 'auth.mtls.ci.user: it is missing'],
    ['subject = "CN=ci"\norg = "acme"\nuser = "*"', 'auth.mtls.ci.user: there is no *'],
    ['subject = "CN=ci"\nkey = "k"\ntier = "pro"', 'auth.mtls.ci.tier: a key says itself'],
    ['subject = "CN=ci"\nkey = "k"\nrole = "x"', 'auth.mtls.ci.role: there is no such key'],
    ['subject = "CN=ci"\norg = "a"\nteam = "t"\ngrants = ["all"]', 'auth.mtls.ci.grants'],
  ])('%s', async (rule, fault) => {
    const faults = await faultsOf(rule);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(fault);
  });

  test('where nobody is asked for a certificate', async () => {
    const result = await load('[auth.mtls.ci]\nsubject = "CN=ci"\nkey = "k"\n');
    expect(result.ok ? [] : result.faults.map(formatFault)).toEqual([
      expect.stringContaining('auth.mtls: nobody is asked for a certificate'),
    ]);
  });
});
