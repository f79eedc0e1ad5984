import { expect, test } from 'bun:test';
import { resolveMcpPolicy } from './resolve-mcp-policy.ts';
import { configSchema } from './schema.ts';

function resolve(mcp: object) {
  const faults: string[] = [];
  const policy = resolveMcpPolicy(configSchema.parse({ mcp }).mcp, (path, message) =>
    faults.push(`${path.join('.')}: ${message}`),
  );
  return { policy, faults };
}

test('without a word all is allowed, told and limited', () => {
  expect(resolve({})).toEqual({
    policy: {
      rules: [],
      otherwise: 'allow',
      consentTimeoutMs: 300_000,
      maxResultBytes: 1_048_576,
      pinTools: true,
      audit: 'all',
    },
    faults: [],
  });
});

test('rules keep the order of the file, and scopes have other names', () => {
  const { faults, policy } = resolve({
    policy: { otherwise: 'require_consent', max_result_kb: 0.5 },
    rules: {
      zebra: {
        effect: 'deny',
        scopes: ['network.http', 'fs.read'],
        arguments: { '$.path': '*.env' },
      },
      apple: { effect: 'allow', tools: ['read_*'], calls_per_minute: 5 },
    },
  });
  expect(faults).toEqual([]);
  expect(policy).toMatchObject({ otherwise: 'require_consent', maxResultBytes: 512 });
  expect(policy.rules).toEqual([
    {
      name: 'zebra',
      effect: 'deny',
      direction: 'both',
      scopes: ['net', 'fs.read'],
      arguments: [{ path: '$.path', value: { type: 'glob', text: '*.env' } }],
      consentFor: 'call',
    },
    {
      name: 'apple',
      effect: 'allow',
      direction: 'both',
      tools: ['read_*'],
      callsPerMinute: 5,
      consentFor: 'call',
    },
  ]);
});

test('faults name the key', () => {
  const { faults } = resolve({
    rules: {
      one: { effect: 'deny', arguments: { path: 'x' }, calls_per_minute: 3 },
      two: { effect: 'allow', argument_patterns: { '$.command': '(a' }, consent_for: 'tool' },
    },
  });
  expect(faults).toEqual([
    'mcp.rules.one.arguments.path: a path begins with $, as in $.path',
    'mcp.rules.one.calls_per_minute: it is for effect = "allow"',
    expect.stringContaining('mcp.rules.two.argument_patterns.$.command: '),
    'mcp.rules.two.consent_for: it is for effect = "require_consent"',
  ]);
});
