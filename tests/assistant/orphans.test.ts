import { afterAll, beforeAll, expect, test } from 'bun:test';
import { readdir, readFile } from 'node:fs/promises';
import { tokensOfAnswer as usage } from '@zeke/daemon/testing';
import type { Brain } from '@zeke/emulators';
import { connectDaemon } from '@zeke/protocol/client';
import { type ProjectHouse, projectHouse } from './project-house.ts';

/** A number that no other process has in its command line. */
const seconds = String(1_000_000 + process.pid);
const script = `sleep ${seconds}`;

const waitLimitMs = 60_000;

const calls = [
  // One that moves to a session of its own, too.
  { name: 'shell', arguments: { command: `setsid ${script} & ${script}`, background: true } },
  { name: 'lsp_diagnostics', arguments: { paths: ['sum.ts'] } },
  { name: 'shell', arguments: { command: script, timeout_seconds: 300 } },
];

/** A job in the background, a language server, and a command that is waited for. */
const busy: Brain = ({ turns }) => {
  const call = calls[turns.filter(({ role }) => role === 'tool').length];
  if (call !== undefined) return { toolCalls: [call], finish: 'tool-calls', usage };
  return { text: 'Done.', finish: 'stop', usage };
};

let house: ProjectHouse;

beforeAll(async () => {
  house = await projectHouse({ 'sum.ts': 'export const sum: number = "two";\n' }, busy);
});

afterAll(async () => {
  await house[Symbol.asyncDispose]();
}, 20_000);

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Those that run; what only waits to be buried does not count. */
async function processes(): Promise<Process[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(
    pids.map(async (pid) => {
      const [stat = '', command = ''] = await Promise.all(
        ['stat', 'cmdline'].map((file) => readFile(`/proc/${pid}/${file}`, 'latin1')),
      ).catch(() => []);
      const [state, parent] = stat.replace(/^.*\) /s, '').split(' ');
      if (state === undefined || state === '' || state === 'Z') return [];
      return [{ pid: Number(pid), parent: Number(parent), command: command.replaceAll('\0', ' ') }];
    }),
  );
  return all.flat();
}

/** All that a process has started, and what that has. */
async function descendantsOf(pid: number): Promise<Process[]> {
  const all = await processes();
  const below = (parent: number): Process[] =>
    all.filter((each) => each.parent === parent).flatMap((each) => [each, ...below(each.pid)]);
  return below(pid);
}

/** Looks every 20 ms, since nobody tells of the end of a process that is not a child. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const endsAt = performance.now() + waitLimitMs;
  while (!(await holds())) {
    if (performance.now() > endsAt) throw new Error(`not so after ${waitLimitMs} ms`);
    await Bun.sleep(20);
  }
}

test('after kill -9 of the daemon nothing runs on that it has started', async () => {
  expect((await house.zeke('daemon', 'start')).code).toBe(0);
  const { pid, socket } = await house.daemon();
  await using client = await connectDaemon({ socket });
  const request = { instruction: 'be busy', cwd: house.root, mode: 'full', unattended: true };
  const results: string[] = [];
  let started: Process[] = [];
  const told = (async () => {
    let begun = 0;
    for await (const { event } of client.agent.execute(request)) {
      if (event.case === 'toolCall') begun += 1;
      if (event.case === 'toolResult') results.push(event.value.text);
      if (begun < calls.length) continue;
      const sleeping = (list: Process[]) => list.filter(({ command }) => command === `${script} `);
      await until(async () => {
        started = await descendantsOf(pid);
        return sleeping(started).length === 3;
      });
      process.kill(pid, 'SIGKILL');
      begun = 0;
    }
  })();
  await expect(told).rejects.toMatchObject({ code: 'unavailable' });
  expect(results[1]).toContain('string');
  const commands = started.map(({ command }) => command).join('\n');
  expect(commands).toMatch(/tsserver|--lsp|--stdio/);
  const isOfUs = ({ command, pid: other }: Process) =>
    command.includes(seconds) || started.some((each) => each.pid === other);
  await until(async () => !(await processes()).some(isOfUs));
}, 120_000);
