import { afterAll, beforeAll, expect, test } from 'bun:test';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tokensOfAnswer as usage } from '@zeke/daemon/testing';
import type { Brain } from '@zeke/emulators';
import { type ProjectHouse, projectHouse } from './project-house.ts';

const limitMs = 90_000;

/** Writes two files, and says so. */
const writer: Brain = ({ turns }) => {
  const paths = ['notes.txt', 'secret.txt'];
  const path = paths[turns.filter(({ role }) => role === 'tool').length];
  if (path === undefined) return { text: 'Written.', finish: 'stop', usage };
  const call = { name: 'write_file', arguments: { path, content: 'words\n' } };
  return { toolCalls: [call], finish: 'tool-calls', usage };
};

const command = (path: string) => ({ type: 'command', command: path });
const hooks = {
  PreToolUse: [{ matcher: 'Write', hooks: [command('.zeke/hooks/guard.sh')] }],
  PostToolUse: [{ matcher: 'Write', hooks: [command('echo "$ZEKE_PROJECT_DIR" >> written.log')] }],
};
const guard = `#!/bin/sh
grep -q '"file_path":"[^"]*secret' && { echo 'no secrets here' >&2; exit 2; }
exit 0
`;

let house: ProjectHouse;

beforeAll(async () => {
  const files = {
    '.zeke/hooks.json': JSON.stringify({ hooks }),
    '.zeke/hooks/guard.sh': guard,
  };
  house = await projectHouse(files, writer);
  await house.run('chmod', '+x', '.zeke/hooks/guard.sh');
}, limitMs);

afterAll(async () => {
  await house[Symbol.asyncDispose]();
}, limitMs);

const task = ['agent', '--mode', 'auto-edit', 'write two files'] as const;
const log = () => readFile(join(house.root, 'written.log'), 'utf8').catch(() => '');

test(
  'hooks of a project are told, run once they are trusted, and not when a script has changed',
  async () => {
    const untrusted = await house.zeke(...task);
    expect(untrusted.stderr).toContain(
      '.zeke/hooks.json is not trusted, and its hooks (2) do not run',
    );
    expect(untrusted.code).toBe(0);
    expect(await log()).toBe('');
    const listed = JSON.parse((await house.zeke('hooks', '--json')).stdout);
    expect(listed).toMatchObject({ trusted: false, faults: [], hooks: [{ runs: false }, {}] });
    expect((await house.zeke('hooks', 'trust')).stdout).toContain(
      '2 hooks of .zeke/hooks.json run',
    );
    expect((await house.zeke('hooks')).stdout).toMatch(
      /PreToolUse +Write +\.zeke\/hooks\/guard\.sh +60 s +project +yes/,
    );
    await house.run('rm', 'notes.txt', 'secret.txt');
    const trusted = await house.zeke(...task);
    expect(trusted.stderr).toContain(
      'hook PreToolUse (.zeke/hooks/guard.sh) blocked: no secrets here',
    );
    expect(trusted.stderr).toContain('denied');
    expect(await log()).toBe(`${house.root}\n`);
    await Bun.write(join(house.root, '.zeke/hooks/guard.sh'), 'exit 0');
    expect((await house.zeke(...task)).stderr).toContain('is not trusted');
    await house.zeke('hooks', 'trust');
    expect((await house.zeke('hooks', 'distrust')).stdout).toContain('do not run any more');
    expect((await house.zeke('hooks')).stdout).toContain('not trusted');
  },
  limitMs,
);

test(
  "a user's own hooks run everywhere, as events of the run, in ask too",
  async () => {
    await house.zeke('hooks', 'distrust');
    const end = [{ hooks: [command('cat > /dev/null; echo {}')] }];
    await Bun.write(join(house.home, 'hooks.json'), JSON.stringify({ hooks: { Stop: end } }));
    const { stdout } = await house.zeke(...task, '--json');
    const updates = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(updates.flatMap(({ hook }) => hook ?? [])).toMatchObject([
      { event: 'Stop', command: 'cat > /dev/null; echo {}', outcome: 'ok' },
    ]);
    expect((await house.zeke('ask', 'what is it?')).stderr).toContain('hook Stop');
    const exported = await house.zeke('sessions', 'export', '--format', 'json');
    expect(exported.stdout).toContain('"hook"');
  },
  limitMs,
);
