import { expect, test } from 'bun:test';
import type { GuardrailConfig } from '@zeke/foundation';
import { resultScan } from './scan-results.ts';

const base = { direction: 'both', scope: {} } as const;

function scan(...guardrails: Partial<GuardrailConfig>[]) {
  const named = guardrails.map((each, index) => ({
    name: `g${index}`,
    action: 'redact',
    ...base,
    ...each,
  }));
  return resultScan(new Map(named.map((each) => [each.name, each as GuardrailConfig])));
}

const email = { type: 'personal_data', kinds: ['email'] } as const;
const word: GuardrailConfig['check'] = {
  type: 'deny_list',
  words: ['codename'],
  patterns: [],
  ignoreCase: true,
};

test('what guardrails keep from models is replaced in results, and told', () => {
  const look = scan({ check: email }, { check: word, action: 'report' });
  expect(look?.('mail ada@example.com about Codename X')).toEqual({
    text: 'mail [email] about Codename X',
    kinds: ['personal_data.email', 'deny_list.denied'],
  });
});

test('guardrails of answers, and of some callers only, say nothing of results', () => {
  expect(scan()).toBeUndefined();
  expect(scan({ check: email, direction: 'out' })).toBeUndefined();
  expect(scan({ check: email, scope: { keys: ['key_1'] } })).toBeUndefined();
});
