import { expect, test } from 'bun:test';
import { readFile, realpath } from 'node:fs/promises';
import { GroupGuard } from '@zeke/foundation';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { runHook } from './run-hook.ts';

const never = new AbortController().signal;

async function run(command: string, { timeoutMs = 30_000, signal = never } = {}) {
  await using folder = await temporaryDirectory();
  await using guard = new GroupGuard();
  const root = await realpath(folder.path);
  const environment = { ...process.env, MY_API_KEY: 'secret', PLAIN: 'seen' };
  const input = { hook_event_name: 'Stop', text: 'a "quoted" line\n' };
  const end = await runHook({ command, timeoutMs }, input, root, { environment, guard }, signal);
  return { ...end, root };
}

test('a hook gets JSON, a clean environment, and the folder', async () => {
  const told = await run(
    'cat; echo; echo "$PLAIN$MY_API_KEY $ZEKE_PROJECT_DIR $PWD"; echo no >&2; exit 2',
  );
  const [json = '', line] = told.stdout.split('\n');
  expect(JSON.parse(json)).toEqual({ hook_event_name: 'Stop', text: 'a "quoted" line\n' });
  expect(line).toBe(`seen ${told.root} ${told.root}`);
  expect(told).toMatchObject({ exitCode: 2, stderr: 'no\n', fault: '' });
});

test('one that does not end is ended with all that it started', async () => {
  const { fault, stdout, exitCode } = await run('sleep 300 & echo $!; setsid sleep 301 & wait', {
    timeoutMs: 300,
  });
  expect({ exitCode, fault }).toEqual({
    exitCode: undefined,
    fault: 'it did not end within 0.3 s',
  });
  expect(await isGone(stdout.trim())).toBe(true);
});

test('what a hook leaves behind ends with it, and canceling ends it', async () => {
  const { stdout, fault } = await run('sleep 300 & echo $!');
  expect(fault).toBe('');
  expect(await isGone(stdout.trim())).toBe(true);
  const stop = new AbortController();
  const running = run('sleep 300', { signal: stop.signal });
  stop.abort();
  expect((await running).fault).toBe('it was canceled');
});

test('a flood is cut, and input that nobody reads does no harm', async () => {
  const { stdout, exitCode } = await run('yes | head -c 1000000');
  expect({ exitCode, length: stdout.length }).toEqual({ exitCode: 0, length: 65_536 });
  expect((await run('exec <&-; kill -9 $$')).fault).toBe('it was ended by SIGKILL');
});

/** A process that nobody has waited for is gone, too. */
async function isGone(pid: string): Promise<boolean> {
  expect(pid).toMatch(/^\d+$/);
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => ') Z');
  return stat.slice(stat.lastIndexOf(')')).startsWith(') Z');
}
