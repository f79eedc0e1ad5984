import { expect, test } from 'bun:test';
import type { Candidate } from './model-catalog.ts';
import { type SessionNews, Sessions } from './sessions.ts';

const candidate = (provider: string) => ({ provider: { name: provider }, model: 'm' }) as Candidate;
const candidates = [candidate('a'), candidate('b')];

test('only who begins to answer a session is told, and another process finds it', () => {
  const told: SessionNews[] = [];
  const here = new Sessions(
    () => 0,
    (news) => told.push(news),
  );
  const there = new Sessions(() => 0);
  for (const provider of ['a', 'a', 'b', 'b']) here.keep('s', candidate(provider));
  expect(told.map(({ provider }) => provider)).toEqual(['a', 'b']);
  for (const news of told) there.learn(news);
  expect(there.find('s', candidates)).toBe(candidates[1] as Candidate);
});
