import { expect, test } from 'bun:test';
import { subjectOf } from './subject.ts';
import { SubjectGroup } from './subject-group.ts';
import { TierLimiters } from './tier-limiters.ts';

const minute = { periodMs: 60_000 };
const limiters = (tier: ConstructorParameters<typeof TierLimiters>[0]['tier']) =>
  new TierLimiters({ name: 't', tier, monotonicMs: () => 0 });

test('the same subjects in the same order are one group, made once', () => {
  let made = 0;
  const nobody = new SubjectGroup([], () => made++);
  const key = subjectOf('key', 'a', limiters({ requests: { limit: 5, ...minute } }));
  const owner = subjectOf(
    'owner',
    'b',
    limiters({ concurrent: 3, tokens: { limit: 9, ...minute } }),
  );
  const group = nobody.with(key).with(owner);
  expect(nobody.with(key).with(owner)).toBe(group);
  expect(group.alone(owner)).toBe(nobody.with(owner));
  expect(made).toBe(3);
  expect(group.subjects).toEqual([key, owner]);
  expect(group.places).toEqual([owner]);
  expect(group.rates.requests.map(({ key: name }) => name)).toEqual(['key:a']);
  expect(group.rates.tokens.map(({ key: name }) => name)).toEqual(['owner:b']);
});
