import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Listener } from '../../core/call.ts';
import { listenHttp2 } from '../../transports/http2/listen-http2.ts';
import { listenUnix } from '../../transports/unix/unix.ts';
import { runZrpc } from '../testing/run-zrpc.ts';
import { shopFolder, shopProto, shopServer } from '../testing/shop-service.ts';
import { type TemporaryFolder, temporaryFolder } from '../testing/temporary-folder.ts';
import { processTimeoutMs, startZrpc } from '../testing/zrpc-process.ts';

setDefaultTimeout(processTimeoutMs);

const shop = shopServer();
let folder: TemporaryFolder;
let unix: Listener;
let grpc: Listener;

beforeAll(async () => {
  folder = await temporaryFolder();
  unix = await listenUnix({ path: join(folder.path, 'shop'), handler: shop.handler });
  grpc = await listenHttp2({ host: '127.0.0.1', port: 0, handler: shop.handler });
});

afterAll(async () => {
  await unix.close({ graceMs: 0 });
  await grpc.close({ graceMs: 0 });
  await folder[Symbol.asyncDispose]();
});

/** What a session without a terminal answers to these inputs. */
async function say(...inputs: string[]) {
  const input = inputs.join('\n');
  const { code, stdout, stderr } = await runZrpc(['repl', unix.address], { input });
  return { code, lines: stdout.split('\n').slice(0, -1), notes: stderr.split('\n').slice(0, -1) };
}

describe('calls', () => {
  test('of all kinds, the answer is $_', async () => {
    const { code, lines, notes } = await say(
      '# a comment',
      'Orders/GetOrder {',
      '  "id": 7',
      '}',
      'call shop.v1.Orders.GetOrder {"id": $_.id}',
      'Orders/ListOrders {"pageSize": 2}',
      '$_.id',
      'Orders/ImportOrders {"id": 1}',
      '{"id": 2} {"id": $_.id}',
      'send {"id": 4}',
      'end',
      'Orders/Negotiate {"customerName": "a"}',
      'end',
    );
    expect(notes).toEqual([]);
    expect(code).toBe(0);
    const order = '{"id":"7","customerName":"Ada","status":"STATUS_OPEN","labels":{"a":"1"}}';
    expect(lines).toEqual([
      order,
      order,
      '{"id":"1"}',
      '{"id":"2"}',
      '"2"',
      '{"orders":4,"lastId":"4"}',
      '{"customerName":"a!"}',
    ]);
  });

  test('a stream that is open at the end is ended', async () => {
    const { lines } = await say('Orders/ImportOrders', '{"id": 5}');
    expect(lines).toEqual(['{"orders":1,"lastId":"5"}']);
  });

  test('that fail tell their status and details, and the session goes on', async () => {
    const { code, lines, notes } = await say(
      'Orders/Fail {"code": 8, "message": "full"}',
      'Orders/GetOrder {"id": 404}',
      'Orders/GetOrder {"id": 7}',
    );
    expect(code).toBe(8);
    expect(notes[0]).toMatch(/^resource_exhausted \(8\): full · /);
    expect(notes[1]).toBe('  google.rpc.ErrorInfo {"reason":"TOLD","domain":"shop"}');
    expect(notes.at(-1)).toMatch(/^not_found \(5\): there is no order 404 · /);
    expect(lines).toHaveLength(1);
  });

  test('take a file, a time, and show what they are told to', async () => {
    const file = await folder.write('order.json', '{"id": 7}');
    const { lines, notes, code } = await say(
      'set metadata on',
      'set pretty on',
      `Orders/GetOrder @${file}`,
      'set timings on',
      'set timeout 50ms',
      'Orders/GetOrder {"id": 0}',
    );
    expect(lines[1]).toBe('  "id": "7",');
    expect(notes.slice(0, 3)).toEqual([
      'header x-served-by: shop',
      'header x-raw-bin: AQL/',
      'trailer x-cost: 7',
    ]);
    expect(notes.join('\n')).toMatch(/deadline_exceeded \(4\).*\n.*total \d/);
    expect(code).toBe(4);
  });
});

describe('what is wrong is told with its line', () => {
  const cases: [input: string, message: RegExp][] = [
    ['nope', /^standard input:1: nope is no command: help tells what there is/],
    ['lst', /lst is no command: did you mean list/],
    ['Orders/GetOrdr', /did you mean GetOrder\?/],
    ['Orders/GetOrder {"idd": 1}', /idd: .* did you mean id\?/],
    ['Orders/GetOrder {"id": $x}', /there is no variable \$x: set it with let/],
    ['Orders/GetOrder {"id": 1} {}', /the request:1:\d+: a second message begins here/],
    ['Orders/GetOrder @/nowhere', /there is no such file/],
    ['Orders/GetOrder {"id": 1', /has no end/],
    ['{"id": 1}', /no stream is open that could be sent this/],
    ['send {}', /no stream is open: call a method/],
    ['end', /no stream is open/],
    ['cancel', /no stream is open/],
    ['call', /which method\?/],
    ['let x', /write it as let name = value/],
    ['let x = {', /the value/],
    ['unset x', /there is no variable \$x/],
    ['header add x-a', /write it as header add name value/],
    ['header frob x', /header frob: say add, set, remove or clear/],
    ['header remove x-a', /there is no header x-a/],
    ['set colour red', /there is nothing called colour to set/],
    ['set editing nano', /editing nano: it may be emacs or vi/],
    ['set timeout soon', /timeout soon: write a time/],
    ['connect', /connect to what\?/],
    ['connect ftp://x', /names no target/],
    ['history x', /write a number/],
    ['help x', /there is no command x/],
    ['describe Nothing', /has nothing called Nothing/],
    ['load', /load what\?/],
    ['load /nowhere/x', /there is no such file/],
  ];
  test.each(cases)('%j', async (input, message) => {
    const { code, notes } = await say(input);
    expect(notes.join('\n')).toMatch(message);
    expect(code).toBeGreaterThan(0);
  });

  test('one stream is open at a time', async () => {
    const { notes } = await say(
      'Orders/ImportOrders',
      'Orders/GetOrder {}',
      'connect unix:x',
      'cancel',
    );
    expect(notes[0]).toContain('Orders/ImportOrders is open: end or cancel it first');
    expect(notes[1]).toContain('a call is open');
    expect(notes[2]).toMatch(/^canceled \(1\): interrupted · 0 sent/);
  });

  test('there is no server before one is named', async () => {
    const { stderr } = await runZrpc(['repl'], { input: 'Orders/GetOrder\nlist\n' });
    expect(stderr.match(/there is no server yet: connect to one/g)).toHaveLength(2);
  });
});

test('list, describe and example tell of the schema', async () => {
  const { lines, notes } = await say(
    'list',
    'list Orders',
    'describe shop.v1.Status',
    'desc Orders/Fail',
    'example Orders/ListOrders',
    'help',
    'help let',
    'help keys',
  );
  expect(notes).toEqual([]);
  const text = lines.join('\n');
  for (const expected of [
    'shop.v1.Stock\n',
    'shop.v1.Orders/Negotiate  stream Order → stream Order\n',
    '  STATUS_SENT = 2;',
    'rpc Fail(shop.v1.FailRequest) returns (shop.v1.Order)',
    'message shop.v1.FailRequest {',
    '  "pageSize": 0,\n  "wait": false\n',
    'let <name> = <value>  ',
    'let order = Orders/Get {"id": 7}',
    'Ctrl-R',
  ]) {
    expect(text).toContain(expected);
  }
});

describe('state', () => {
  test('variables and headers go into calls', async () => {
    const { lines, notes } = await say(
      'let name = "Grace"',
      'let order = Orders/GetOrder {"id": 7}',
      'header add x-customer $name',
      'Orders/GetOrder {"id": $order.id}',
      'header remove x-customer',
      'Orders/GetOrder {"id": 8}',
      `let all = {"who": "\${name}!", "list": [1, $order.labels]}`,
      '$all',
      'unset order',
      'vars',
    );
    expect(notes).toEqual([]);
    expect(lines.map((line) => /"customerName":"(\w+)"/.exec(line)?.[1])).toEqual([
      'Ada',
      'Grace',
      'Ada',
      undefined,
      undefined,
      'Ada',
      undefined,
    ] as never);
    expect(lines[3]).toBe('{"who":"Grace!","list":[1,{"a":"1"}]}');
    expect(lines.at(-1)).toMatch(/^\$all = /);
  });

  test('is saved without secrets, loaded, and what was said is replayed', async () => {
    const path = join(folder.path, 'session.zrpc');
    const first = await say(
      'set timeout 5s',
      'header add x-customer Grace$$',
      'header add authorization Bearer s3cret',
      'let token = "s3cret"',
      'let id = 7',
      `let text = "$\${x}"`,
      'Orders/GetOrder {',
      '  "id": $id',
      '}',
      'nonsense',
      `save ${path}`,
    );
    expect(first.notes.at(-1)).toBe(`saved to ${path}, inputs 5`);
    const text = await Bun.file(path).text();
    expect(text).not.toContain('s3cret');
    expect(text).toContain('# header authorization is left out: it is secret');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const input = `load ${path}\nset timeout\nheader\nvars\n$text\nOrders/GetOrder {"id": $id}\n`;
    const loaded = await runZrpc(['repl'], { input });
    expect(loaded.stderr).toBe('loaded: variables 2, headers 1\n');
    const [timeout, header, ...rest] = loaded.stdout.split('\n');
    expect([timeout, header]).toEqual(['timeout 5000ms', 'x-customer: Grace$']);
    expect(rest.slice(0, 3)).toEqual(['$id = 7', `$text = "\${x}"`, `"\${x}"`]);
    expect(rest[3]).toContain('"customerName":"Grace$"');
    const replayed = await runZrpc(['repl'], { input: `replay ${path}\n` });
    expect(replayed.stdout).toBe(`${rest[3]}\n`);
    expect(replayed.stderr).toContain('shop> Orders/GetOrder {\n…   "id": $id\n… }\n');
  });

  test('files of inputs are replayed as well, without end they are not', async () => {
    const path = await folder.write('inputs', 'Orders/GetOrder {"id": 7}\nlet x = {\n"a": 1}\n');
    const { lines } = await say(`replay ${path}`, '$x.a');
    expect(lines).toEqual([expect.stringContaining('Ada'), '1']);
    const self = join(folder.path, 'self');
    await folder.write('self', `replay ${self}\n`);
    const { notes } = await say(`replay ${self}`);
    expect(notes.at(-1)).toContain('sessions replay each other without end');
    const later = await folder.write('later', '# zrpc session 2\n');
    expect((await say(`load ${later}`)).notes[0]).toContain('only version 1');
  });

  test('the server may change', async () => {
    const target = grpc.address.replace('http', 'grpc');
    const { lines } = await say(
      'Orders/GetOrder {"id": 7}',
      `connect ${target}`,
      'Orders/GetOrder {"id": 8}',
    );
    expect(lines[1]).toContain('"id":"8"');
  });
});

test('files alone have a schema; wrong flags are told', async () => {
  const files = ['--proto', shopProto, '-I', shopFolder];
  const { stdout } = await runZrpc(['repl', ...files], { input: 'list\n' });
  expect(stdout).toBe('shop.v1.Orders\nshop.v1.Stock\n');
  const { code, stderr } = await runZrpc(['repl', 'ftp://x']);
  expect([code, stderr]).toEqual([3, expect.stringContaining('names no target')]);
});

test('an interrupt ends a session without a terminal', async () => {
  await using child = startZrpc(['repl', unix.address]);
  child.write('Orders/ListOrders {"pageSize": 1, "wait": true}\n');
  expect(await child.line()).toBe('{"id":"1"}');
  const cancelled = shop.record.nextCancel();
  child.kill('SIGINT');
  expect(await child.exited).toBe(130);
  expect(await cancelled).toBe('/shop.v1.Orders/ListOrders');
});
