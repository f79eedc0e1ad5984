import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runZrpc } from '../testing/run-zrpc.ts';
import { type ServingZrpc, serveHere, startServing } from '../testing/serving-zrpc.ts';
import { shopFolder, shopProto } from '../testing/shop-service.ts';
import { type TemporaryFolder, temporaryFolder } from '../testing/temporary-folder.ts';
import { processTimeoutMs } from '../testing/zrpc-process.ts';

setDefaultTimeout(processTimeoutMs);

const schema = ['--proto', shopProto, '-I', shopFolder];
let folder: TemporaryFolder;
let mock: ServingZrpc;
let examples: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  examples = await folder.write('x.yaml', 'Orders/GetOrder: { response: { customerName: Ada } }');
  const places = [
    '--listen',
    ':0',
    '--uds',
    join(folder.path, 's'),
    '--ws',
    ':0/rpc',
    '--http',
    ':0',
  ];
  const flags = ['--examples', examples, '--record', join(folder.path, 'calls.jsonl')];
  mock = await serveHere(['mock', ...schema, ...places, ...flags], 4);
});

afterAll(async () => {
  await mock[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

describe('a mock', () => {
  test('answers at all of its places', async () => {
    const [grpc = '', unix = '', ws = '', http = ''] = mock.targets;
    expect(mock.targets.map((target) => target.replace(/\d{4,}/, 'PORT'))).toEqual([
      'grpc://127.0.0.1:PORT',
      `unix:${join(folder.path, 's')}`,
      'ws://127.0.0.1:PORT/rpc',
      'http://127.0.0.1:PORT',
    ]);
    for (const target of [grpc, unix, ws, http]) {
      const flags = target.startsWith('http') ? schema : [];
      const { stdout, stderr } = await runZrpc(['call', target, 'Orders/GetOrder', '{}', ...flags]);
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toMatchObject({ customerName: 'Ada' });
      expect(await mock.see(/GetOrder/)).toMatch(/ shop\.v1\.Orders\/GetOrder ok 1→1 .*x\.yaml:1$/);
    }
    const response = await fetch(`${http}/shop.v1.Stock/Count`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'https://page.example' },
      body: '{}',
    });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(await response.json()).toHaveProperty('orders');
    expect(await mock.see(/Count/)).toMatch(/ http shop\.v1\.Stock\/Count ok 1→1 .* fake$/);
  });

  test('tells what it serves, and that it is well', async () => {
    const [grpc = ''] = mock.targets;
    const { stdout } = await runZrpc(['list', grpc]);
    expect(stdout.split('\n')).toContain('shop.v1.Orders');
    const health = await runZrpc([
      'call',
      grpc,
      'grpc.health.v1.Health/Check',
      '{"service":"shop.v1.Stock"}',
    ]);
    expect(JSON.parse(health.stdout)).toEqual({ status: 'SERVING' });
  });

  test('reads examples again when they change, and keeps the old ones when they are wrong', async () => {
    const [grpc = ''] = mock.targets;
    const answer = async (): Promise<unknown> => {
      const { stdout } = await runZrpc(['call', grpc, 'Orders/GetOrder']);
      return JSON.parse(stdout);
    };
    await writeFile(examples, 'Orders/GetOrder: { response: { customerName: Grace } }');
    await mock.see(/the examples were read again: 1/);
    expect(await answer()).toMatchObject({ customerName: 'Grace' });
    // As editors save: a new file takes the place of the old one.
    await writeFile(`${examples}.new`, 'Orders/GetOrder: { response: { nope: 1 } }');
    await rename(`${examples}.new`, examples);
    expect(await mock.see(/the examples stay/)).toMatch(
      /x\.yaml:1: response: nope: .* no field nope/,
    );
    expect(await answer()).toMatchObject({ customerName: 'Grace' });
  });

  test('records calls, not those about itself, and ends in order', async () => {
    expect(await mock.stop()).toBe(0);
    const lines = (await Bun.file(join(folder.path, 'calls.jsonl')).text()).trim().split('\n');
    const [head, ...calls] = lines.map((line) => JSON.parse(line));
    expect(head).toMatchObject({ recording: 1 });
    const methods = new Set(calls.map(({ method }) => method));
    expect(methods).toEqual(new Set(['/shop.v1.Orders/GetOrder', '/shop.v1.Stock/Count']));
    expect(calls[0].responses[0].json).toEqual({ customerName: 'Ada' });
  });
});

test('as a process it ends in order when it is interrupted', async () => {
  await using process = await startServing(['mock', ...schema, '--listen', ':0', '--seed', 'x'], 1);
  const { stdout } = await runZrpc(['call', process.targets[0] ?? '', 'Stock/Count', '{}']);
  expect(JSON.parse(stdout)).toHaveProperty('orders');
  await process.see(/Stock\/Count ok/);
  expect(await process.stop()).toBe(0);
});

describe('wrong flags are told before anything listens', () => {
  const cases: [flags: string[], message: RegExp][] = [
    [[], /what to serve is not said: name it with --proto/],
    [[...schema, '--fail', '5'], /--fail 5: write a part of all calls/],
    [[...schema, '--latency', 'x'], /--latency x: write a time/],
    [[...schema, '--fail-code', 'nope'], /nope is no code of gRPC/],
    [[...schema, '--examples', '/nowhere'], /\/nowhere: there is no such file/],
    [[...schema, '--listen', 'grpcs://:0'], /is encrypted: give its certificate/],
    [[...schema, '--listen', 'x'], /names no place to listen at/],
    [[...schema, '--tls-cert', 'x'], /belong together/],
  ];
  test.each(cases)('%j', async (flags, message) => {
    const { code, stderr } = await runZrpc(['mock', ...flags]);
    expect(stderr).toMatch(message);
    expect(code).toBeGreaterThan(0);
  });
});
