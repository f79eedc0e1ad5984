import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { join } from 'node:path';
import type { Listener } from '../../core/call.ts';
import { listenHttp2 } from '../../transports/http2/listen-http2.ts';
import { listenUnix } from '../../transports/unix/unix.ts';
import { runZrpc } from '../testing/run-zrpc.ts';
import { serveHere, startServing } from '../testing/serving-zrpc.ts';
import { shopFolder, shopProto, shopServer } from '../testing/shop-service.ts';
import { type TemporaryFolder, temporaryFolder } from '../testing/temporary-folder.ts';
import { processTimeoutMs } from '../testing/zrpc-process.ts';

setDefaultTimeout(processTimeoutMs);

const protos = ['--proto', shopProto, '-I', shopFolder];
const shop = shopServer();
let folder: TemporaryFolder;
let grpc: Listener;
let unix: Listener;
let recording: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  recording = join(folder.path, 'calls.jsonl');
  const { handler } = shop;
  grpc = await listenHttp2({ host: '127.0.0.1', port: 0, handler });
  unix = await listenUnix({ path: join(folder.path, 'shop'), handler });
});

afterAll(async () => {
  await grpc.close({ graceMs: 0 });
  await unix.close({ graceMs: 0 });
  await folder[Symbol.asyncDispose]();
});

/** What a user sees of a call. */
async function call(target: string, ...args: string[]) {
  const { code, stdout, stderr } = await runZrpc(['call', target, ...args]);
  return { code, stdout, stderr };
}

/** Calls that the shop answers each in its own way. */
const calls: string[][] = [
  ['Orders/GetOrder', '{"id":7}', '-v'],
  ['Orders/GetOrder', '{"id":404}'],
  ['Orders/ListOrders', '{"pageSize":3}'],
  ['Orders/ImportOrders', '{"id":1} {"id":2}'],
  ['Orders/Negotiate', '{"customerName":"a"} {"customerName":"b"}'],
  ['Orders/Fail', '{"code":8,"message":"full"}'],
];

describe('a proxy', () => {
  test('between two transports changes nothing, and records; the recording answers the same', async () => {
    const listen = ['--listen', `unix:${join(folder.path, 'p')}`, '--listen', ':0'];
    const target = grpc.address.replace('http', 'grpc');
    const flags = ['--target', target, '--record', recording];
    const direct = await Promise.all(calls.map((args) => call(unix.address, ...args)));
    {
      await using proxy = await startServing(['proxy', ...listen, ...flags], 2);
      const [place = ''] = proxy.targets;
      const seen = await Promise.all(
        calls.map((args) => call(place, ...args, '-H', 'authorization: Bearer s3cret')),
      );
      expect(seen).toEqual(direct);
      expect(await proxy.see(/Fail/)).toMatch(
        / unix shop\.v1\.Orders\/Fail resource_exhausted: full 1→0/,
      );
      expect(await proxy.stop()).toBe(0);
    }
    const text = await Bun.file(recording).text();
    expect(text).not.toContain('s3cret');
    expect(text).toContain('"json":{"id":"7"');
    await using replay = await serveHere(['proxy', ...listen, '--replay', recording], 2);
    const [place = '', other = ''] = replay.targets;
    expect(await Promise.all(calls.map((args) => call(place, ...args)))).toEqual(direct);
    const unknown = await call(other, 'Orders/GetOrder', '{"id":8}');
    expect(unknown.code).toBe(5);
    expect(unknown.stderr).toContain('none of them with this request');
    expect(unknown.stderr).toContain('NOT_RECORDED');
  });

  test('lets those who speak JSON call a server that does not', async () => {
    const listen = ['--listen', 'http://:0', '--cors', 'https://page.example'];
    await using proxy = await serveHere(['proxy', ...listen, unix.address], 1);
    const response = await fetch(`${proxy.targets[0]}/shop.v1.Orders/GetOrder`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'https://page.example' },
      body: '{"id":"7"}',
    });
    expect(response.headers.get('access-control-allow-origin')).toBe('https://page.example');
    expect(await response.json()).toMatchObject({ id: '7', customerName: 'Ada' });
  });

  test('passes on that a caller has left, and its deadline', async () => {
    await using proxy = await serveHere(['proxy', '--listen', ':0', unix.address], 1);
    const [place = ''] = proxy.targets;
    const cancelled = shop.record.nextCancel();
    const { code, stderr } = await call(place, 'Orders/GetOrder', '{"id":0}', '--timeout', '100ms');
    expect(code).toBe(4);
    expect(stderr).toContain('deadline_exceeded');
    expect(await cancelled).toBe('/shop.v1.Orders/GetOrder');
  });

  test('starts without its target, and says when a call does not get through', async () => {
    const nowhere = `unix:${join(folder.path, 'nowhere')}`;
    await using proxy = await serveHere(['proxy', '--listen', ':0', nowhere], 1);
    const { code, stderr } = await call(proxy.targets[0] ?? '', 'Orders/GetOrder', '{}', ...protos);
    expect(code).toBe(14);
    expect(stderr).toContain('nowhere');
  });
});

describe('wrong flags', () => {
  const cases: [flags: string[], message: RegExp][] = [
    [[], /no target is given/],
    [['unix:a', '--target', 'unix:b'], /two targets are given, unix:a and unix:b/],
    [['unix:a', '--replay', 'x'], /--replay answers by itself/],
    [['--replay', 'x', '--record', 'y'], /do not go together/],
    [['--replay', '/nowhere'], /\/nowhere: there is no such file/],
    [
      ['unix:a', '--record', '/nowhere/x', ...protos],
      /--record \/nowhere\/x: there is no such file/,
    ],
    [['unix:a', '--match', 'x'], /Allowed choices are bytes, method/],
  ];
  test.each(cases)('%j', async (flags, message) => {
    const { code, stderr } = await runZrpc(['proxy', ...flags]);
    expect(stderr).toMatch(message);
    expect(code).toBeGreaterThan(0);
  });
});
