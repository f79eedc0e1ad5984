import { afterEach, beforeEach, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger } from '@zeke/foundation';
import { diagnosticsOf } from './diagnostics.ts';
import { LanguageServers, type LanguageServersOptions } from './language-servers.ts';
import { hoverAt } from './queries.ts';
import { failureOf } from './testing/failure-of.ts';
import { install, type TestProject, testProject } from './testing/real-servers.ts';
import { scriptedSpecs } from './testing/scripted-servers.ts';

const never = new AbortController().signal;
let files: TestProject;

beforeEach(async () => {
  files = await testProject({ 'a.scripted': 'one\n', 'b.scripted': 'two\n' });
});
afterEach(() => files[Symbol.asyncDispose]());

function pool(behaviors: string[], options: Partial<LanguageServersOptions> = {}) {
  return new LanguageServers({
    specs: scriptedSpecs(...behaviors),
    environment: Bun.env,
    log: createLogger({ level: 'silent' }),
    ...options,
  });
}

async function hover(servers: LanguageServers, name = 'a.scripted', signal = never) {
  const query = { project: files.project, path: files.path(name), line: 1, column: 1 };
  return Number((await hoverAt(servers, query, signal)).text.split(' ')[0]);
}

/** A logger, and a promise of the first line that has a text in it. */
function watchedLog() {
  const waiting = new Map<string, () => void>();
  const write = (line: string) => {
    for (const [text, resolve] of waiting) if (line.includes(text)) resolve();
  };
  return {
    log: createLogger({ level: 'trace', destination: { write } }),
    until: (text: string) => new Promise<void>((resolve) => waiting.set(text, resolve)),
  };
}

/** Processes of a group that still run; those that only wait to be buried do not count. */
function running(group: number): number {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '');
      const [state, , pgrp] = stat.split(' ');
      return Number(pgrp) === group && state !== 'Z';
    } catch {
      return false;
    }
  }).length;
}

async function untilGone(group: number): Promise<void> {
  while (running(group) > 0) await new Promise(setImmediate);
}

test('what a server has registered twice and taken back once, it still has', async () => {
  const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 3 } };
  const report = JSON.stringify({ kind: 'full', items: [{ range, message: 'wrong' }] });
  await using servers = pool(['registers-again', `textDocument/diagnostic=${report}`]);
  // Its answer comes after all that it registers.
  await hover(servers);
  const path = files.path('a.scripted');
  const told = await diagnosticsOf(servers, files.project, [path], never);
  expect(told).toMatchObject({ diagnostics: [{ message: 'wrong' }], unchecked: [] });
});

test('before a server says that it has read the project, nothing is taken for an answer', async () => {
  const specs = scriptedSpecs().map((spec) => ({ ...spec, saysWhenReady: true }));
  await using servers = pool([], { specs, limits: { readyMs: 1 } });
  const path = files.path('a.scripted');
  const told = await diagnosticsOf(servers, files.project, [path], never);
  expect(told).toEqual({
    diagnostics: [],
    unchecked: [{ path, reason: 'scripted is still reading the project: ask again in a while' }],
  });
  const ready = scriptedSpecs('says-ready').map((spec) => ({ ...spec, saysWhenReady: true }));
  await using others = pool([], { specs: ready });
  expect(await hover(others)).toBeGreaterThan(1);
});

test('questions share one server, which ends with its pool', async () => {
  const servers = pool([]);
  const [one, two] = await Promise.all([hover(servers), hover(servers, 'b.scripted')]);
  expect(one).toBe(two);
  expect(servers.status()).toEqual([
    {
      name: 'scripted',
      root: files.project.root,
      command: expect.any(Array),
      state: 'running',
      pid: one,
      openFiles: 2,
      crashes: 0,
    },
  ]);
  await servers[Symbol.asyncDispose]();
  expect(running(one)).toBe(0);
  expect(await failureOf(hover(servers))).toMatchObject({ code: 'unavailable' });
});

test('a question during which the server crashes is asked again of a new one', async () => {
  await using servers = pool(['crashes-once', files.path('crashed')]);
  expect(await hover(servers)).toBeGreaterThan(1);
  expect(servers.status()).toMatchObject([{ state: 'running', crashes: 1 }]);
});

test('a server that keeps crashing is left alone for longer and longer, then for good', async () => {
  let now = 1_000_000;
  await using servers = pool(['crashes-always'], { now: () => now });
  expect(await failureOf(hover(servers))).toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('ended with status 3'),
  });
  expect(servers.status()).toMatchObject([{ state: 'crashed', crashes: 2 }]);
  for (const waitMs of [1_000, 2_000, 4_000]) {
    expect((await failureOf(hover(servers))).message).toContain(`is started again in ${waitMs} ms`);
    now += waitMs;
    expect((await failureOf(hover(servers))).message).toContain('ended with status 3');
  }
  expect(servers.status()).toMatchObject([{ state: 'given-up', reason: 'ended with status 3' }]);
  now += 60_000;
  expect((await failureOf(hover(servers))).message).toContain('crashed 5 times within 10 minutes');
  now += 10 * 60_000;
  expect((await failureOf(hover(servers))).message).toContain('ended with status 3');
});

test('a server that does not answer is told to stop, then killed', async () => {
  const { log, until } = watchedLog();
  const canceled = until('canceled');
  await using servers = pool(['hangs'], { log, limits: { requestMs: 300 } });
  const late = { code: 'deadline_exceeded' };
  expect(await failureOf(hover(servers))).toMatchObject(late);
  await canceled;
  const [{ pid = 0 } = {}] = servers.status();
  expect(await failureOf(hover(servers))).toMatchObject(late);
  expect(await failureOf(hover(servers))).toMatchObject(late);
  await untilGone(pid);
  expect(servers.status()).toMatchObject([{ crashes: 1 }]);
});

test('a question that is given up is taken back from the server', async () => {
  const { log, until } = watchedLog();
  const [asked, canceled] = [until('asked'), until('canceled')];
  await using servers = pool(['hangs', 'tells'], { log });
  const leaving = new AbortController();
  const answer = hover(servers, 'a.scripted', leaving.signal);
  await asked;
  leaving.abort();
  expect(await failureOf(answer)).toMatchObject({ code: 'canceled' });
  await canceled;
  expect(servers.status()).toMatchObject([{ state: 'running', crashes: 0 }]);
});

test.each([
  ['hangs-at-start', 'deadline_exceeded', 'did not answer initialize within 700 ms'],
  ['floods', 'unavailable', 'was ended by SIGKILL'],
  ['huge-length', 'unavailable', 'was ended by SIGKILL'],
])('a server that %s is killed, and who asked is told', async (behavior, code, message) => {
  await using servers = pool([behavior], { limits: { initializeMs: 700 } });
  expect(await failureOf(hover(servers))).toMatchObject({
    code,
    message: expect.stringContaining(message),
  });
});

test('what is no message, and lengths that are a lie, are left out', async () => {
  await using servers = pool(['garbage', 'lies']);
  expect(await hover(servers)).toBeGreaterThan(1);
  expect(await hover(servers, 'b.scripted')).toBeGreaterThan(1);
});

test('a program that is not there, or is no program, is told', async () => {
  const [spec] = scriptedSpecs();
  if (spec === undefined) throw new Error('there is one');
  await using none = pool([], { specs: [{ ...spec, command: ['no-such-server'] }] });
  expect(await failureOf(hover(none))).toMatchObject({
    code: 'not_found',
    message: `no language server for ${files.path('a.scripted')} is installed: scripted (it is a part of the tests)`,
  });
  await files.write({ 'server.txt': 'not a program' });
  await Bun.$`chmod +x ${files.path('server.txt')}`;
  await using broken = pool([], {
    specs: [{ ...spec, command: ['./server.txt'] }],
    mayStart: () => true,
  });
  expect(await failureOf(hover(broken))).toMatchObject({ code: 'unavailable' });
});

test("a project's own programs run only with consent", async () => {
  await install(files, 'bash-language-server');
  const asked: unknown[] = [];
  await using servers = new LanguageServers({
    specs: [
      { name: 'own', command: ['bash-language-server', 'start'], extensions: ['.scripted'] },
      ...scriptedSpecs(),
    ],
    environment: Bun.env,
    log: createLogger({ level: 'silent' }),
    mayStart: (found) => {
      asked.push([found.spec.name, found.runsProjectCode]);
      return !found.runsProjectCode;
    },
  });
  await hover(servers);
  expect(asked).toEqual([
    ['own', true],
    ['scripted', false],
  ]);
  await using strict = pool([], {
    specs: [{ name: 'own', command: ['bash-language-server'], extensions: ['.scripted'] }],
  });
  expect(await failureOf(hover(strict))).toMatchObject({
    code: 'permission_denied',
    message: expect.stringContaining('trust the project first'),
  });
});

test('a server that nobody asks is stopped', async () => {
  const { log, until } = watchedLog();
  const stopped = until('was stopped');
  await using servers = pool([], { log, limits: { idleMs: 1 } });
  const pid = await hover(servers);
  await stopped;
  expect(running(pid)).toBe(0);
  expect(servers.status()).toEqual([]);
  expect(await hover(servers)).not.toBe(pid);
});

test('a server that ignores its end is killed with what it started', async () => {
  const servers = pool(['stubborn']);
  const pid = await hover(servers);
  expect(running(pid)).toBe(3);
  await servers[Symbol.asyncDispose]();
  await untilGone(pid);
});

test('nothing is left of a daemon that is killed by kill -9', async () => {
  const program = join(import.meta.dir, 'testing/abandoned-servers-program.ts');
  const child = Bun.spawn([process.execPath, program, files.project.root], {
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const pid = Number((await new Response(child.stdout).text()).split(' ')[0]);
  expect(pid).toBeGreaterThan(1);
  await child.exited;
  expect(child.signalCode).toBe('SIGKILL');
  await untilGone(pid);
}, 20_000);
