import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { createTypeRegistry } from '../../codec/type-registry.ts';
import { createClient } from '../../core/client.ts';
import { createServer } from '../../core/server.ts';
import { RpcError } from '../../rpc-error.ts';
import { Notes } from '../../testing/note-service.ts';
import { testCertificates } from '../../testing/test-certificates.ts';
import { Output, type Styles } from '../output.ts';
import { openTarget } from '../target/open-target.ts';
import { parseTarget } from '../target/target.ts';
import { type TemporaryFolder, temporaryFolder } from '../testing/temporary-folder.ts';
import { type CallSummary, formatCall, logCalls } from './call-log.ts';
import { listenTargets, originsOf } from './listen-target.ts';
import { openListeners, type Served } from './open-listeners.ts';
import { tellPlaces } from './tell-places.ts';

const calls: CallSummary[] = [];
const notes = createServer({ interceptors: [logCalls((call) => calls.push(call))] }).add(Notes, {
  echo: ({ text }) => ({ text }),
});
const served: Served = {
  handler: notes.handler,
  methods: (path) => notes.method(path),
  types: createTypeRegistry(),
  origins: ['https://page.example'],
};
const { authority, server } = await testCertificates();
let folder: TemporaryFolder;
let tls: { tlsCert: string; tlsKey: string };

beforeAll(async () => {
  folder = await temporaryFolder();
  tls = {
    tlsCert: await folder.write('cert.pem', server.certificate),
    tlsKey: await folder.write('key.pem', server.key),
  };
  await folder.write('ca.pem', authority);
});

afterAll(() => folder[Symbol.asyncDispose]());

describe('calls come in at', () => {
  const places = [
    'grpc://:0',
    'grpc+unix:SOCKET',
    'unix:SOCKET',
    'shm:SOCKET',
    'ws://:0/rpc',
    'http://:0',
  ];
  const secret = ['grpcs://:0', 'grpc+h3://:0', 'wss://:0', 'quic://:0', 'https://:0'];

  test.each([...places, ...secret])('%s', async (place) => {
    const named = place.replace('SOCKET', join(folder.path, 'socket'));
    const isSecret = secret.includes(place);
    const targets = listenTargets({ listen: [named] });
    await using listeners = await openListeners(targets, served, isSecret ? tls : {});
    const [{ target: name = '' } = {}] = listeners.list;
    const target = parseTarget(name.replace('127.0.0.1', isSecret ? 'localhost' : '127.0.0.1'));
    const flags = isSecret ? { cacert: join(folder.path, 'ca.pem') } : {};
    const transport = await openTarget(target, flags);
    const { text } = await createClient(Notes, transport).echo({ text: place });
    expect(text).toBe(place);
    await transport.close();
  });

  test('several at once, or at none where one cannot be had', async () => {
    const taken = join(folder.path, 'taken');
    await using _first = await openListeners(listenTargets({ uds: [taken] }), served, {});
    const both = listenTargets({ uds: [join(folder.path, 'free'), taken] });
    expect(openListeners(both, served, {})).rejects.toThrow(/listens/);
    expect(await Bun.file(join(folder.path, 'free')).exists()).toBe(false);
  });
});

describe('faults of places are told', () => {
  const cases: [place: string, flags: Record<string, string>, message: RegExp][] = [
    ['grpcs://:0', {}, /grpcs:\/\/:0 is encrypted: give its certificate/],
    ['quic://:0', { tlsCert: 'x' }, /is encrypted/],
    [':0', { tlsCert: 'x' }, /--tls-cert and --tls-key belong together/],
    [':0', { tlsCert: 'x', tlsKey: 'x' }, /no place has it/],
    [
      'grpcs://:0',
      { tlsCert: '/nowhere', tlsKey: 'x' },
      /--tls-cert \/nowhere: there is no such file/,
    ],
    ['grpcs://:0', { tlsCert: import.meta.path, tlsKey: 'x' }, /the file is not PEM/],
    ['256.0.0.1:1', {}, /256\.0\.0\.1/],
    ['http://256.0.0.1:1', {}, /cannot listen at 256\.0\.0\.1:1: /],
  ];
  test.each(cases)('%s %j', async (place, flags, message) => {
    const targets = listenTargets({ listen: [place] });
    expect(openListeners(targets, served, flags)).rejects.toThrow(message);
  });
});

test('a call is told on one line, what its peer says cannot break out of it', () => {
  const plain = (text: string): string => text;
  const styles = { bold: plain, dim: plain, red: plain, green: plain } as Styles;
  const at = new Date(2026, 0, 2, 3, 4, 5, 6);
  const call: CallSummary = {
    path: '/a.B/C\u001b[2J',
    transport: 'unix',
    requests: 1,
    responses: 0,
    durationMs: 1.234,
    error: new RpcError('not_found', 'no\nsuch'),
    note: '',
  };
  expect(formatCall(call, at, styles)).toBe(
    '03:04:05.006 unix a.B/C\\u001b[2J not_found: no\\nsuch 1→0 1.23 ms',
  );
  expect(formatCall({ ...call, error: undefined, note: 'fake' }, at, styles)).toEndWith(
    ' ok 1→0 1.23 ms fake',
  );
  expect(calls.at(-1)).toMatchObject({ path: '/zrpc.test.Notes/Echo', requests: 1, responses: 1 });
});

test('who listens to other machines is told what that means', async () => {
  const said: string[] = [];
  const stream = {
    write: (text: string) => said.push(text) > 0,
    once() {},
    off() {},
  };
  const output = new Output({ stdout: stream, stderr: stream, environment: {} });
  const targets = listenTargets({ listen: ['0.0.0.0:0'] });
  await using listeners = await openListeners(targets, served, {});
  tellPlaces({ output } as never, targets, listeners);
  expect(said.join('')).toMatch(
    /^listening at grpc:\/\/0\.0\.0\.0:\d+ {2}gRPC\nother machines can call it/,
  );
});

test('origins: those that were named, all of them, or what stands for none', () => {
  expect(originsOf(undefined, '*')).toBe('*');
  expect(originsOf(['https://a.example', '*'], [])).toBe('*');
  expect(originsOf(['https://a.example'], '*')).toEqual(['https://a.example']);
});
