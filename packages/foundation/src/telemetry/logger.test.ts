import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { RpcError } from '@zeke/rpc';
import { createLogger } from './logger.ts';

function capture() {
  const lines: Record<string, unknown>[] = [];
  return {
    lines,
    destination: { write: (text: string) => void lines.push(JSON.parse(text)) },
  };
}

test('writes one JSON object a line, with time, level, message and fields', () => {
  const { lines, destination } = capture();
  const log = createLogger({ destination, fields: { service: 'zeke' } });
  log.info('listening', { port: 8080 });
  log.child({ requestId: 'r1' }).warn('slow', { ms: 5 });
  expect(lines).toEqual([
    { level: 'info', time: expect.any(String), service: 'zeke', port: 8080, msg: 'listening' },
    {
      level: 'warn',
      time: expect.any(String),
      service: 'zeke',
      requestId: 'r1',
      ms: 5,
      msg: 'slow',
    },
  ] as never);
  expect(Date.parse(String(lines[0]?.time))).toBeGreaterThan(0);
});

test('keeps to its level, which children follow', () => {
  const { lines, destination } = capture();
  const log = createLogger({ destination, level: 'warn' });
  const child = log.child({ a: 1 });
  child.info('not yet');
  expect(child.enabled('info')).toBe(false);
  log.setLevel('debug');
  child.debug('now');
  log.setLevel('silent');
  child.fatal('never');
  expect(lines.map((line) => line.msg)).toEqual(['now']);
});

test('redacts messages, fields, fields of children, errors and their causes', () => {
  const { lines, destination } = capture();
  const log = createLogger({ destination, fields: { api_key: 'plain-1' } });
  const cause = new Error('refused key sk-1234567890abcdef');
  log.child({ cookie: 'plain-2' }).error('sent Bearer abc.def.ghi', {
    err: new RpcError('unavailable', 'upstream said AIzaSyA1234567890abcdefg', { cause }),
    headers: new Headers({ authorization: 'plain-3' }),
  });
  const text = JSON.stringify(lines);
  for (const secret of ['plain-', 'sk-123', 'abc.def', 'AIzaSy'])
    expect(text).not.toContain(secret);
  expect(lines[0]?.err).toMatchObject({
    code: 'unavailable',
    cause: { message: 'refused key [redacted]' },
  });
});

test('an expected error is brief, any other has its stack', () => {
  const { lines, destination } = capture();
  const log = createLogger({ destination });
  log.info('refused', { err: new RpcError('not_found', 'there is no such model') });
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  log.warn('failed', { err: new RpcError('unavailable', 'it does not answer', { cause }) });
  log.error('broken', { err: new RpcError('internal', 'unexpected', { cause }) });
  log.error('foreign', { err: cause });
  const [refused, failed, broken, foreign] = lines.map(({ err }) => err);
  expect(refused).toEqual({ code: 'not_found', message: 'there is no such model' });
  expect(failed).toEqual({
    code: 'unavailable',
    message: 'it does not answer',
    cause: { code: 'ECONNREFUSED', message: 'refused' },
  });
  const stack = expect.stringContaining('logger.test.ts');
  expect(broken).toMatchObject({ stack, cause: { stack } });
  expect(foreign).toMatchObject({ stack });
});

test('goes to standard error by default, all of it before flush resolves', async () => {
  const module = join(import.meta.dir, 'logger.ts');
  const program = `
    const { createLogger } = await import(${JSON.stringify(module)});
    const log = createLogger();
    for (let index = 0; index < 2000; index += 1) log.info('line', { index });
    await log.flush();
    process.kill(process.pid, 'SIGKILL');
  `;
  const child = Bun.spawn([process.execPath, '-e', program], { stdout: 'pipe', stderr: 'pipe' });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  expect(stdout).toBe('');
  const lines = stderr.trimEnd().split('\n');
  expect(lines).toHaveLength(2000);
  expect(JSON.parse(lines[1999] ?? '')).toMatchObject({ level: 'info', index: 1999 });
});
