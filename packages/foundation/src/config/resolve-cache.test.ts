import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { temporaryDirectory } from '../testing/index.ts';
import { formatFault } from './config-fault.ts';
import { loadConfig } from './load-config.ts';

async function load(toml: string) {
  await using directory = await temporaryDirectory();
  const cwd = directory.path;
  await Bun.write(join(cwd, 'zeke.toml'), toml);
  return await loadConfig({ cwd, environment: { ZEKE_HOME: cwd } });
}

describe('[cache.semantic]', () => {
  test('is off unless it is turned on, and then has its defaults', async () => {
    const off = await load('[cache]\nenabled = true\n[cache.semantic]\nmodel = "a/b"');
    expect(off.ok && off.config.cache.semantic).toBeUndefined();
    const on = await load(
      '[cache]\nenabled = true\n[cache.semantic]\nenabled = true\nmodel = "a/b"\nmax_mb = 2',
    );
    expect(on.ok && on.config.cache.semantic).toEqual({
      model: 'a/b',
      threshold: 0.95,
      maxEntries: 5_000,
      maxBytes: 2_097_152,
      timeoutMs: 1_000,
      withTools: false,
    });
  });

  test.each([
    [
      '[cache.semantic]\nenabled = true\nmodel = "a/b"',
      'zeke.toml:2 cache.semantic.enabled: it needs cache.enabled = true',
    ],
    [
      '[cache]\nenabled = true\n[cache.semantic]\nenabled = true',
      'zeke.toml:3 cache.semantic.model: it is missing: a model that makes vectors',
    ],
    [
      '[cache.semantic]\nthreshold = 1.5',
      'zeke.toml:2 cache.semantic.threshold: it must be a number from 0 to 1',
    ],
  ])('faults are told with their place: %j', async (toml, fault) => {
    const result = await load(toml);
    expect(result.ok ? [] : result.faults.map(formatFault)).toEqual([fault]);
  });
});

test('projects say whether their requests may leave', async () => {
  const result = await load('[projects.payroll]\nprivacy = "local_only"\n[projects.web]');
  expect(result.ok && [...result.config.projects]).toEqual([
    ['payroll', { privacy: 'local_only' }],
    ['web', { privacy: 'any' }],
  ]);
  const wrong = await load('[projects.payroll]\nprivacy = "secret"');
  expect(wrong.ok ? [] : wrong.faults.map(formatFault)).toEqual([
    'zeke.toml:2 projects.payroll.privacy: it must be one of any, local_only',
  ]);
});
