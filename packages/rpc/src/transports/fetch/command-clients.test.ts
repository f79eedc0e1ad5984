import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { Listener } from '../../core/call.ts';
import { createServer } from '../../core/server.ts';
import { testCertificates } from '../../testing/test-certificates.ts';
import { type ServeFetchOptions, serveFetch } from './server/serve-fetch.ts';
import { talkHandlers } from './testing/talk-handlers.ts';
import { Talk, talkFile } from './testing/talk-service.ts';

/* `buf curl` and `curl` call our server. */

interface BufCase {
  readonly at: string;
  readonly data: string;
  readonly expected: [exitCode: number, output: string];
}

const word = JSON.stringify({ text: 'x'.repeat(5_000), count: '-7', tags: ['ä'] });
const detail = '{"type":"zrpc.talk.Word","value":"CgF4"}';
const bufCases: Readonly<Record<string, BufCase>> = {
  Say: { at: 'Say', data: word, expected: [0, word] },
  Fail: {
    at: 'Say',
    data: '{"text":"fail","tags":["ü"]}',
    expected: [9 << 3, `{"code":"failed_precondition","message":"ü","details":[${detail}]}`],
  },
  Count: { at: 'Count', data: '{"count":3}', expected: [0, '{}{"count":"1"}{"count":"2"}'] },
  Sum: { at: 'Sum', data: '{"count":1}{"count":2}', expected: [0, '{"count":"3"}'] },
  Chat: { at: 'Chat', data: '{"count":1}{"count":2}', expected: [0, '{"count":"2"}{"count":"4"}'] },
};

const buf = join(
  dirname(fileURLToPath(import.meta.resolve('@bufbuild/buf/package.json'))),
  'bin/buf',
);
const curl = Bun.which('curl');
const directory = await mkdtemp(join(tmpdir(), 'zrpc-fetch-'));
const schema = join(directory, 'talk.binpb');
const authorityFile = join(directory, 'authority.pem');
const path = join(directory, 'talk.sock');
const { authority, server: identity } = await testCertificates();
const listeners: Listener[] = [];
const plain = await start({ http2: true });
const secure = await start({
  tls: { cert: identity.certificate, key: identity.key },
  http2: true,
  http3: true,
});
await start({ path });

beforeAll(async () => {
  await writeFile(authorityFile, authority);
  const set = create(FileDescriptorSetSchema, { file: [talkFile] });
  await writeFile(schema, toBinary(FileDescriptorSetSchema, set));
});
afterAll(async () => {
  await Promise.all(listeners.map((listener) => listener.close({ graceMs: 0 })));
  await rm(directory, { recursive: true });
});

const talk = (name: string) => `zrpc.talk.Talk/${name}`;
const overTls = ['--cacert', authorityFile];
/** Each costs a process, so not all methods go all ways. */
const ways: [name: string, protocol: string, url: string, flags: string[], methods: string[]][] = [
  ['Connect, HTTP/1.1', 'connect', plain, [], ['Say', 'Fail', 'Count', 'Sum']],
  ['Connect, HTTP/2', 'connect', plain, ['--http2-prior-knowledge'], ['Chat']],
  ['Connect, HTTP/3', 'connect', secure, [...overTls, '--http3'], ['Say', 'Chat']],
  ['Connect, Unix socket', 'connect', 'http://localhost', ['--unix-socket', path], ['Say']],
  ['gRPC-Web, HTTP/1.1', 'grpcweb', plain, [], ['Say', 'Fail', 'Count', 'Sum']],
  ['gRPC-Web, HTTP/2 with TLS', 'grpcweb', secure, overTls, ['Say', 'Chat']],
];

test.each(ways)('buf curl: %s', async (_name, protocol, url, flags, methods) => {
  const common = [buf, 'curl', '--schema', schema, '--protocol', protocol, ...flags, '--data'];
  for (const method of methods) {
    const { data, at, expected } = bufCases[method] as BufCase;
    const { exitCode, output, errors } = await run([...common, data, `${url}/${talk(at)}`]);
    expect([exitCode, (exitCode === 0 ? output : errors).replaceAll(/\s/g, '')]).toEqual(expected);
  }
});

describe.if(curl !== null)('curl', () => {
  const call = (method: string, ...more: string[]) =>
    run([curl ?? '', '--silent', '--include', ...more, `${plain}/zrpc.talk.Talk/${method}`]);
  const json = ['--header', 'content-type: application/json', '--data'];

  test.each(['--http1.1', '--http2-prior-knowledge'])(
    'a unary call in JSON, %s',
    async (version) => {
      const { output } = await call('Say', version, ...json, '{"text":"hi"}');
      expect(output).toMatch(/^HTTP\S+ 200/);
      expect(output).toEndWith('\r\n\r\n{"text":"hi"}');
    },
  );

  test('an answer that is compressed', async () => {
    const text = 'x'.repeat(5_000);
    const { output } = await call('Say', '--compressed', ...json, JSON.stringify({ text }));
    expect(output.toLowerCase()).toMatch(/content-encoding: (zstd|gzip)/);
    expect(output).toEndWith(JSON.stringify({ text }));
  });

  test('an error', async () => {
    const { output } = await call('Say', ...json, '{"text":1}');
    expect(output).toStartWith('HTTP/1.1 400 ');
    expect(output).toContain('"code":"invalid_argument"');
    expect(output).toContain('text');
  });

  test('a call by GET', async () => {
    const { output } = await call('Look?encoding=json&message=%7B%22text%22%3A%22hi%22%7D');
    expect(output).toEndWith('{"text":"hi"}');
  });

  test('a call of no known content type', async () => {
    const { output } = await call('Say', '--data', '{}');
    expect(output).toStartWith('HTTP/1.1 415 ');
    expect(output).toContain('application/json');
  });
});

async function start(options: Partial<ServeFetchOptions>): Promise<string> {
  const server = createServer().add(Talk, talkHandlers);
  const methods = (at: string) => server.method(at);
  const listener = await serveFetch({ handler: server.handler, methods, ...options });
  listeners.push(listener);
  return listener.address;
}

async function run(
  command: string[],
): Promise<{ output: string; errors: string; exitCode: number }> {
  const child = Bun.spawn(command, { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const [output, errors, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { output, errors, exitCode };
}
