import { describe, expect, test } from 'bun:test';
import type { McpRuleConfig, McpScope } from '@zeke/foundation';
import fc from 'fast-check';
import { compileRules, glob, maxMatchedChars } from './compile-rules.ts';
import { evaluate } from './evaluate.ts';
import type { McpCall } from './mcp-call.ts';

function rule(given: Partial<McpRuleConfig>): McpRuleConfig {
  return { name: 'rule', effect: 'deny', direction: 'both', consentFor: 'call', ...given };
}

function call(given: Partial<McpCall> = {}): McpCall {
  return {
    direction: 'in',
    kind: 'tool',
    name: 'read_file',
    arguments: { path: 'src/.env' },
    caller: { id: 'local' },
    scopes: ['fs.read'],
    ...given,
  };
}

function effectOf(rules: Partial<McpRuleConfig>[], given: Partial<McpCall> = {}) {
  const named = rules.map((each, index) => rule({ name: `r${index}`, ...each }));
  return evaluate(compileRules(named), 'allow', call(given));
}

describe('a rule fits', () => {
  const cases: [string, Partial<McpRuleConfig>, Partial<McpCall>, boolean][] = [
    ['everything, when it says nothing', {}, {}, true],
    ['its tools', { tools: ['write_*', 'read_file'] }, {}, true],
    ['no other tool', { tools: ['read_'] }, {}, false],
    ['names with signs of patterns in them', { tools: ['a.b+*'] }, { name: 'a.b+c' }, true],
    ['and takes a point for a point', { tools: ['a.b'] }, { name: 'axb' }, false],
    ['its direction', { direction: 'out' }, {}, false],
    ['its callers', { callers: ['key_*'] }, { caller: { id: 'key_1' } }, true],
    ['its scopes', { scopes: ['net', 'fs.read'] }, {}, true],
    ['no call without a scope when it names some', { scopes: ['net'] }, { scopes: [] }, false],
    ['an argument', argument('$.path', 'glob', '*.env'), {}, true],
    ['only a whole argument', argument('$.path', 'glob', '.env'), {}, false],
    ['a pattern anywhere in it', argument('$.path', 'pattern', 'src/\\.'), {}, true],
    ['a pattern that is tied to its ends', argument('$.path', 'pattern', '^\\.env$'), {}, false],
    ['no call without the argument', argument('$.other', 'glob', '*'), {}, false],
    ['one of several values', argument('$.a[*]', 'glob', '2'), { arguments: { a: [1, 2] } }, true],
  ];
  test.each(cases)('%s', (_title, given, asked, isFit) => {
    expect(effectOf([given], asked).effect).toBe(isFit ? 'deny' : 'allow');
  });
});

function argument(path: string, type: 'glob' | 'pattern', text: string): Partial<McpRuleConfig> {
  return { arguments: [{ path, value: { type, text } }] };
}

test('the first rule that fits decides, and marks go on', () => {
  const verdict = effectOf([
    { effect: 'audit' },
    { effect: 'deny', tools: ['write_*'] },
    { effect: 'allow', tools: ['read_*'] },
    { effect: 'deny' },
  ]);
  expect(verdict).toMatchObject({ effect: 'allow', rule: { name: 'r2' }, marks: ['r0'] });
});

test('of several scopes the strictest counts, whatever the order', () => {
  const scopes: McpScope[] = ['fs.read', 'net'];
  const rules: Partial<McpRuleConfig>[] = [
    { effect: 'allow', scopes: ['fs.read'] },
    { effect: 'deny', scopes: ['net'] },
  ];
  expect(effectOf(rules, { scopes }).effect).toBe('deny');
  expect(effectOf(rules.toReversed(), { scopes: scopes.toReversed() }).effect).toBe('deny');
});

test('what is too long to be read gets past no rule that refuses', () => {
  const path = 'a'.repeat(maxMatchedChars + 1);
  const never = argument('$.path', 'glob', 'b');
  const always = argument('$.path', 'glob', '*');
  const asked = { arguments: { path } };
  expect(effectOf([{ effect: 'deny', ...never }], asked).effect).toBe('deny');
  expect(effectOf([{ effect: 'require_consent', ...never }], asked).effect).toBe('require_consent');
  expect(effectOf([{ effect: 'allow', ...always }, {}], asked).effect).toBe('deny');
});

const effects = ['allow', 'deny', 'require_consent'] as const;
const scopes = fc.constantFrom<McpScope>('fs.read', 'fs.write', 'shell.execute', 'net', 'git');
const rules = fc.array(
  fc.record({
    effect: fc.constantFrom(...effects, 'audit' as const),
    direction: fc.constantFrom('in' as const, 'out' as const, 'both' as const),
    tools: fc.option(fc.array(fc.constantFrom('*', 'a*', '*b', 'ab'), { minLength: 1 })),
    scopes: fc.option(fc.array(scopes, { minLength: 1 })),
  }),
  { maxLength: 8 },
);
const calls = fc.record({
  direction: fc.constantFrom('in' as const, 'out' as const),
  name: fc.constantFrom('ab', 'a', 'b', 'c'),
  scopes: fc.uniqueArray(scopes, { maxLength: 3 }),
});

function compiled(given: readonly object[]) {
  return compileRules(
    given.map((each, index) => {
      const present = Object.entries(each).filter(([, value]) => value !== null);
      return rule({ name: `r${index}`, ...Object.fromEntries(present) });
    }),
  );
}

describe('whatever the rules are', () => {
  test('a rule before all that denies everything denies everything', () => {
    fc.assert(
      fc.property(rules, calls, (given, asked) => {
        const all = compiled([{ effect: 'deny' }, ...given]);
        expect(evaluate(all, 'allow', call(asked)).effect).toBe('deny');
      }),
    );
  });

  test('one scope more makes no verdict milder', () => {
    const strictness = { allow: 0, require_consent: 1, deny: 2 };
    fc.assert(
      fc.property(rules, calls, scopes, (given, asked, scope) => {
        fc.pre(asked.scopes.length > 0);
        const all = compiled(given);
        const before = evaluate(all, 'allow', call(asked)).effect;
        const more = { ...asked, scopes: [...asked.scopes, scope] };
        const after = evaluate(all, 'allow', call(more)).effect;
        expect(strictness[after]).toBeGreaterThanOrEqual(strictness[before]);
      }),
    );
  });

  test('rules that only mark change no verdict', () => {
    fc.assert(
      fc.property(rules, calls, fc.constantFrom(...effects), (given, asked, otherwise) => {
        const without = given.filter(({ effect }) => effect !== 'audit');
        expect(evaluate(compiled(given), otherwise, call(asked)).effect).toBe(
          evaluate(compiled(without), otherwise, call(asked)).effect,
        );
      }),
    );
  });

  test('a glob fits what a slow look says', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '\n'), maxLength: 6 });
    fc.assert(
      fc.property(letters, letters, (pattern, text) => {
        const parts = pattern.split('*').map((part) => RegExp.escape(part));
        expect(glob(pattern)(text)).toBe(new RegExp(`^${parts.join('[^]*')}$`).test(text));
      }),
    );
  });
});
