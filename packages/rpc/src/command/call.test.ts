import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Listener } from '../core/call.ts';
import { listenHttp2 } from '../transports/http2/listen-http2.ts';
import { listenUnix } from '../transports/unix/unix.ts';
import { type RunOptions, runZrpc } from './testing/run-zrpc.ts';
import { shopDescriptorSet, shopFolder, shopServer } from './testing/shop-service.ts';
import { processTimeoutMs, startZrpc, type ZrpcResult } from './testing/zrpc-process.ts';

setDefaultTimeout(processTimeoutMs);

const server = shopServer();
const silent = shopServer({ reflection: false });
let folder: string;
let listeners: Listener[];
/** A gRPC server with reflection, and one on a Unix socket without. */
let grpc: string;
let unix: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zrpc-call-'));
  await writeFile(join(folder, 'shop.binpb'), shopDescriptorSet);
  const http2 = await listenHttp2({ host: '127.0.0.1', port: 0, handler: server.handler });
  const own = await listenUnix({ path: join(folder, 'shop.sock'), handler: silent.handler });
  listeners = [http2, own];
  grpc = http2.address.replace('http', 'grpc');
  unix = own.address;
});

afterAll(async () => {
  await Promise.all(listeners.map((listener) => listener.close({ graceMs: 0 })));
  await rm(folder, { recursive: true });
});

function call(args: readonly string[], options?: RunOptions): Promise<ZrpcResult> {
  return runZrpc(['call', grpc, ...args], options);
}

describe('requests and responses', () => {
  test('one message each way, on one line for programs and on many for people', async () => {
    const line = '{"id":"7","customerName":"Ada","status":"STATUS_OPEN","labels":{"a":"1"}}';
    const args = ['shop.v1.Orders/GetOrder', '{"id": 7}'];
    expect(await call(args)).toEqual({ code: 0, stdout: `${line}\n`, stderr: '' });
    const { stdout } = await call(args, { terminal: true });
    expect(stdout).toBe(`${JSON.stringify(JSON.parse(line), null, 2)}\n`);
  });

  test.each(['shop.v1.Orders/GetOrder', '/shop.v1.Orders/getOrder', 'Orders.GetOrder'])(
    'the method as %s',
    async (method) => {
      expect((await call([method, '{"id":1}'])).code).toBe(0);
    },
  );

  test('fields with their defaults are shown when that is asked for', async () => {
    const { stdout } = await call(['Orders/GetOrder', '{"id":3}', '--emit-defaults']);
    expect(JSON.parse(stdout)).toMatchObject({ lines: [], signature: '' });
  });

  test('the target comes from the environment where none is given', async () => {
    const environment = { ZRPC_TARGET: grpc };
    const { stdout } = await runZrpc(['call', 'Orders/ListOrders', '{"pageSize":2}'], {
      environment,
      terminal: true,
    });
    expect(stdout).toBe('{"id":"1"}\n{"id":"2"}\n');
  });

  test('the request comes from a file, from standard input, or is empty', async () => {
    const file = join(folder, 'request.json');
    await writeFile(file, '\ufeff{"pageSize": 1}');
    expect((await call(['Orders/ListOrders', `@${file}`])).stdout).toBe('{"id":"1"}\n');
    const input = ' {"page_size":1} ';
    expect((await call(['Orders/ListOrders', '-'], { input })).stdout).toBe('{"id":"1"}\n');
    expect(await call(['Orders/ListOrders'])).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('a stream of requests, one behind the other in any way', async () => {
    const input = '{"id":1}{"id":2}\n\n  {\n"id":\n3}\r\n';
    const { stdout } = await call(['Orders/ImportOrders'], { input });
    expect(stdout).toBe('{"orders":3,"lastId":"3"}\n');
    const inline = await call(['Orders/ImportOrders', '{"id":1} {"id":9007199254740993}']);
    expect(inline.stdout).toBe('{"orders":2,"lastId":"9007199254740993"}\n');
  });

  test('what an Any holds is looked up; bytes where nobody knows the type', async () => {
    const known = JSON.parse((await call(['Orders/GetOrder', '{"id":1}'])).stdout);
    expect(known.attachment).toEqual({
      '@type': 'type.googleapis.com/shop.v1.Gift',
      wrapping: 'red',
    });
    const unknown = JSON.parse((await call(['Orders/GetOrder', '{"id":2}'])).stdout);
    expect(unknown.attachment).toEqual({
      '@type': 'type.googleapis.com/shop.v1.Secret',
      '@value': 'CgNyZWQ=',
    });
    const sent = await call([
      'Orders/Negotiate',
      '{"attachment":{"@type":"type.googleapis.com/shop.v1.Gift","wrapping":"red"}}',
    ]);
    expect(sent.code).toBe(0);
  });

  test('metadata both ways', async () => {
    const flags = ['-v', '-H', 'X-Customer: Grace Hopper', '-H', 'x-raw-bin:AQI='];
    const { stdout, stderr } = await call(['Orders/GetOrder', '{"id":3}', ...flags]);
    expect(JSON.parse(stdout).customerName).toBe('Grace Hopper');
    expect(stderr).toBe('header x-served-by: shop\nheader x-raw-bin: AQL/\ntrailer x-cost: 7\n');
  });

  test('timings', async () => {
    const { stderr } = await call(['Orders/GetOrder', '{"id":3}', '--timings']);
    const time = '[\\d.]+ (?:µs|ms|s)';
    const parts = ['connect', 'schema', 'header', 'first message', 'total'];
    expect(stderr).toMatch(new RegExp(`^${parts.map((part) => `${part} ${time}`).join(' · ')}\n$`));
  });

  test('compression', async () => {
    const request = JSON.stringify({ customerName: 'long '.repeat(1_000) });
    for (const name of ['gzip', 'zstd']) {
      const flags = ['--compression', name];
      const { code, stdout } = await call(['Orders/Negotiate', request, ...flags]);
      expect(code).toBe(0);
      expect(stdout).toHaveLength('{"customerName":"!"}\n'.length + 5_000);
    }
  });

  test('a schema of files instead of reflection', async () => {
    const args = ['call', unix, 'Orders/GetOrder', '{"id":1}'];
    const files = ['--proto', 'shop/v1/orders.proto', '-I', shopFolder];
    expect(JSON.parse((await runZrpc([...args, ...files])).stdout).attachment.wrapping).toBe('red');
    const absolute = ['--proto', join(shopFolder, 'shop/v1/orders.proto')];
    expect((await runZrpc([...args, ...absolute])).code).toBe(0);
    const set = ['--descriptor-set', join(folder, 'shop.binpb')];
    expect((await runZrpc([...args, ...set])).code).toBe(0);
    expect(await runZrpc(args)).toMatchObject({
      code: 12,
      stderr: `zrpc: ${unix} has no reflection: say what it serves with --proto or --descriptor-set\n`,
    });
  });
});

describe('failures', () => {
  test('the status is the exit code, with its details', async () => {
    const result = await call(['Orders/Fail', '{"code": 5, "message": "no such\\u001b[2J order"}']);
    expect(result).toEqual({
      code: 5,
      stdout: '',
      stderr: `zrpc: not_found (5): no such\\u001b[2J order
  google.rpc.ErrorInfo {"reason":"TOLD","domain":"shop"}
  shop.v1.Gift {"wrapping":"red"}
  shop.v1.Secret "CAE="
`,
    });
  });

  test('the same as JSON', async () => {
    const { code, stderr } = await call(['Orders/Fail', '{"code": 16}', '--json']);
    expect(code).toBe(16);
    expect(JSON.parse(stderr).error).toMatchObject({
      code: 'unauthenticated',
      number: 16,
      message: '',
      details: [{ type: 'google.rpc.ErrorInfo', value: { reason: 'TOLD' } }, {}, {}],
    });
  });

  test('a deadline', async () => {
    const { code, stderr } = await call(['Orders/GetOrder', '--timeout', '20ms']);
    expect(code).toBe(4);
    expect(stderr).toContain('did not end within 20 ms');
  });

  test('a message that is too large', async () => {
    const request = JSON.stringify({ customerName: 'long '.repeat(1_000) });
    const flags = ['--max-message-size', '4096'];
    const { code, stderr } = await call(['Orders/Negotiate', request, ...flags]);
    expect(code).toBe(8);
    expect(stderr).toContain('4096');
  });

  test('a server that is not there', async () => {
    const nobody = await runZrpc(['call', 'grpc://127.0.0.1:1', 'a.B/C']);
    expect(nobody.code).toBe(14);
    expect(nobody.stderr).toContain('1: nobody listens there (ECONNREFUSED)');
    const missing = await runZrpc(['call', `unix:${folder}/no.sock`, 'a.B/C']);
    expect(missing.stderr).toContain('there is no such socket (ENOENT)');
  });

  test.each<[string[], number, string]>([
    [[], 3, 'no method is given: write it behind the target, as package.Service/Method'],
    [['Orders/GetOrder', 'grpc://h:1'], 3, 'grpc://h:1: the target is the first argument'],
    [['Ordrs'], 3, 'Ordrs names no method: write it as package.Service/Method'],
    [['Stock'], 3, 'Stock is a service: say which method, it has Stock/Count'],
    [
      ['shop.v1.Stock/'],
      3,
      'shop.v1.Stock is a service: say which method, it has shop.v1.Stock/Count',
    ],
    [['Ordres/GetOrder'], 5, 'has no service Ordres: did you mean shop.v1.Orders?'],
    [['Zzz/GetOrder'], 5, 'has no service Zzz, it has grpc.reflection.v1.ServerReflection, '],
    [['Orders/GetOrdr'], 5, 'shop.v1.Orders has no method GetOrdr: did you mean GetOrder?'],
    [['Orders/Zzz'], 5, 'has no method Zzz, it has GetOrder, ListOrders'],
    [['Orders/GetOrder', '{}', '{}'], 3, '{} is one argument too many'],
    [
      ['Orders/GetOrder', '{"di":1}'],
      3,
      'the request: di: the message shop.v1.GetOrderRequest has no field di: did you mean id?',
    ],
    [['Orders/Negotiate', '{"lines":[{"cuont":1}]}'], 3, 'lines[0].cuont: '],
    [['Orders/Negotiate', '{"status":"STATUS_SEND"}'], 3, 'did you mean STATUS_SENT'],
    [['Orders/Negotiate', '{"zebra":1}'], 3, 'has no field zebra, it has id, customerName, status'],
    [['Orders/Negotiate', '{"labels":{"a":{"b":1}}}'], 3, 'labels["a"]: expected a string'],
    [['Orders/Negotiate', '{"invoice":{"compny":""}}'], 3, 'invoice.compny: '],
    [['Orders/GetOrder', '--descriptor-set', '/nowhere'], 5, '/nowhere: there is no such file'],
    [['Orders/GetOrder', '--descriptor-set', import.meta.filename], 3, 'call.test.ts: the set of'],
    [['Orders/Negotiate', '{"createdAt":"now"}'], 3, 'the request: shop.v1.Order: createdAt: '],
    [
      ['Orders/GetOrder', '{"id":"x"}'],
      3,
      'shop.v1.GetOrderRequest: id: expected a 64-bit integer',
    ],
    [['Orders/GetOrder', '{"id":1'], 3, 'the request: the value that begins at 1:1 has no end'],
    [['Orders/GetOrder', '{"id":1}\n {}'], 3, 'the request:2:2: a second message begins here'],
    [['Orders/GetOrder', 'id=1'], 3, 'the request:1:1: the value that begins here is no JSON'],
    [['Orders/GetOrder', '@/nowhere'], 5, '/nowhere: there is no such file'],
    [['Orders/GetOrder', '-H', 'x'], 3, "-H: write it as 'name: value'"],
    [['Orders/GetOrder', '-H', 'x y: secret'], 3, 'metadata name "x y"'],
    [['Orders/GetOrder', '-H', 'x-bin: §'], 3, 'must be base64'],
    [['Orders/GetOrder', '--timeout', '5'], 3, '--timeout 5: write a time with its unit'],
    [['Orders/GetOrder', '--max-message-size', '0'], 3, 'It must be a whole number from 1'],
    [
      ['Orders/GetOrder', '--tmeout', '5s'],
      3,
      "unknown option '--tmeout' (--help shows what there is)\n(Did you mean --timeout?)",
    ],
    [['Orders/GetOrder', '--compression', 'br'], 3, 'Allowed choices are gzip, zstd'],
    [['Orders/GetOrder', '-I', 'x'], 3, '--import-path is for --proto'],
    [['Orders/GetOrder', '--proto', 'x.proto'], 3, 'x.proto'],
  ])('%p', async (args, code, reason) => {
    const result = await call(args);
    expect(result.stderr).toContain(reason);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).not.toContain('secret');
  });
});

describe('as a process', () => {
  test('requests are sent as they are typed, and answers shown as they come', async () => {
    await using zrpc = startZrpc(['call', grpc, 'Orders/Negotiate']);
    for (const id of [1, 2]) {
      zrpc.write(`{"id":${id}}\n`);
      expect(await zrpc.line()).toBe(`{"id":"${id}","customerName":"!"}`);
    }
    zrpc.endInput();
    expect(await zrpc.exited).toBe(0);
    expect(await zrpc.stderr).toBe('');
  });

  test('a wrong value in a stream ends the call, and says where it stands', async () => {
    const cancelled = server.record.nextCancel();
    await using zrpc = startZrpc(['call', grpc, 'Orders/Negotiate']);
    zrpc.write('{"id":1}\n');
    await zrpc.line();
    zrpc.write('{"idd":3}\n');
    expect(await zrpc.exited).toBe(3);
    expect(await zrpc.stderr).toBe(
      'zrpc: standard input:2:1: idd: the message shop.v1.Order has no field idd: did you mean id?\n',
    );
    expect(await cancelled).toBe('/shop.v1.Orders/Negotiate');
  });

  test('Ctrl-C cancels the call to the bottom', async () => {
    const cancelled = server.record.nextCancel();
    const request = '{"pageSize":1,"wait":true}';
    await using zrpc = startZrpc(['call', grpc, 'Orders/ListOrders', request]);
    expect(await zrpc.line()).toBe('{"id":"1"}');
    zrpc.kill('SIGINT');
    expect(await zrpc.exited).toBe(130);
    expect(await cancelled).toBe('/shop.v1.Orders/ListOrders');
    expect(await zrpc.stderr).toBe('');
  });

  test('Ctrl-C also ends the wait for standard input', async () => {
    const cancelled = server.record.nextCancel();
    await using zrpc = startZrpc(['call', grpc, 'Orders/Negotiate', '-']);
    zrpc.write('{"id":1}');
    await zrpc.line();
    zrpc.kill('SIGINT');
    expect(await zrpc.exited).toBe(130);
    expect(await cancelled).toBe('/shop.v1.Orders/Negotiate');
  });

  test('a reader that leaves early is no failure', async () => {
    const cancelled = server.record.nextCancel();
    const program = join(import.meta.dirname, '../zrpc.ts');
    const request = '{"pageSize":1000000}';
    const command = `"${process.execPath}" "${program}" call ${grpc} Orders/ListOrders '${request}' | head -1; echo "\${PIPESTATUS[0]}"`;
    const child = Bun.spawn(['bash', '-c', command], { stderr: 'pipe' });
    expect(await new Response(child.stdout).text()).toBe('{"id":"1"}\n0\n');
    expect(await new Response(child.stderr).text()).toBe('');
    await cancelled;
  });
});
