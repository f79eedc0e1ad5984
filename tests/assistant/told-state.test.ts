import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { tokensOfAnswer as usage } from '@zeke/daemon/testing';
import type { Brain } from '@zeke/emulators';
import { type ProjectHouse, projectHouse } from './project-house.ts';

const limitMs = 90_000;

const answers: Brain = ({ turns }) => {
  const isReview = turns.some(({ text }) => text.includes('Review this change'));
  const text = isReview ? '{"summary": "fine", "findings": []}' : 'It says hello.';
  return { text, finish: 'stop', usage };
};

let house: ProjectHouse;

beforeAll(async () => {
  house = await projectHouse({ 'src/a.txt': 'hello\n' }, answers);
}, limitMs);

afterAll(async () => {
  await house[Symbol.asyncDispose]();
}, limitMs);

test(
  'sessions of commands are called by what they are about, and their project is open',
  async () => {
    await house.zeke('daemon', 'start');
    const open = async () =>
      JSON.parse((await house.zeke('daemon', 'status', '--json')).stdout).projects;
    expect(await open()).toEqual([]);
    expect((await house.zeke('explain', 'src/a.txt')).stdout).toBe('It says hello.\n');
    expect(await open()).toEqual([house.root]);
    await Bun.write(join(house.root, 'src/a.txt'), 'goodbye\n');
    expect((await house.zeke('review')).code).toBe(0);
    await house.run('git', 'commit', '-q', '-a', '-m', 'second');
    expect((await house.zeke('review', 'HEAD~1')).code).toBe(0);
    const sessions = JSON.parse((await house.zeke('sessions', '--json')).stdout);
    expect(sessions.map(({ title }: { title: string }) => title)).toEqual([
      'review of HEAD~1',
      'review of what is not committed',
      'explain src/a.txt',
    ]);
  },
  limitMs,
);
