import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Greeter } from '../../codec/fixtures/gen/zrpc/test/greeter_pb.ts';
import type { Listener } from '../../core/call.ts';
import { createClient } from '../../core/client.ts';
import { connectHttp2 } from '../../transports/http2/connect-http2.ts';
import { listenHttp2 } from '../../transports/http2/listen-http2.ts';
import { listenUnix } from '../../transports/unix/unix.ts';
import { generate } from '../generate.ts';
import { greeterAnswers, greeterServer } from '../testing/greeter-service.ts';

/** Debian's, which has the package of its grpcio. */
const python = '/usr/bin/python3';
const hasGrpc = spawnSync(python, ['-c', 'import grpc, google.protobuf']).status === 0;

const fixturesFolder = join(import.meta.dirname, '../../codec/fixtures/proto');
const folder = mkdtempSync(join(tmpdir(), 'zrpc-python-'));
const socket = join(folder, 'greeter.sock');
const listeners: Listener[] = [];
let grpcAddress = '';

beforeAll(async () => {
  generate({
    inputs: ['zrpc/test/greeter.proto', 'zrpc/test/everything.proto', 'zrpc/test/legacy.proto'],
    importPaths: [fixturesFolder],
    lang: 'python',
    out: folder,
  });
  cpSync(join(import.meta.dirname, '../fixtures/python'), folder, { recursive: true });
  const { handler } = greeterServer();
  const http2 = await listenHttp2({ host: '127.0.0.1', port: 0, handler });
  listeners.push(await listenUnix({ path: socket, handler }), http2);
  grpcAddress = http2.address.replace(/^.*:\/\//, '');
});

afterAll(async () => {
  for (const listener of listeners) await listener.close();
  rmSync(folder, { recursive: true });
});

async function run(...args: string[]): Promise<{ output: string; errors: string; code: number }> {
  const child = Bun.spawn([python, ...args], { cwd: folder, stdout: 'pipe', stderr: 'pipe' });
  const [output, errors] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { output, errors, code: await child.exited };
}

describe.skipIf(!hasGrpc)('Python', () => {
  test('calls over own frames on a Unix socket', async () => {
    const { output, errors, code } = await run('call.py', 'unix', socket);
    expect({ errors, code }).toEqual({ errors: '', code: 0 });
    expect(JSON.parse(output)).toEqual(greeterAnswers);
  });

  test('calls over gRPC', async () => {
    const { output, errors, code } = await run('call.py', 'grpc', grpcAddress);
    expect({ errors, code }).toEqual({ errors: '', code: 0 });
    expect(JSON.parse(output)).toEqual(greeterAnswers);
  });

  test('serves in grpcio, where a method that is not written is unimplemented', async () => {
    const child = Bun.spawn([python, 'serve.py'], { cwd: folder, stdin: 'pipe', stdout: 'pipe' });
    const [port] = await readLine(child.stdout);
    const transport = connectHttp2({ url: `http://127.0.0.1:${port}` });
    const client = createClient(Greeter, transport);
    expect(await client.sayHello({ name: 'you' })).toMatchObject({ text: 'Hello, you!' });
    await expect(client.sayHello({ name: 'nobody' })).rejects.toMatchObject({ code: 'not_found' });
    const replies: string[] = [];
    for await (const { text } of client.watch({ name: 'w' })) replies.push(text);
    expect(replies).toEqual(['w 0', 'w 1', 'w 2']);
    await expect(client.constructor$({})).rejects.toMatchObject({
      code: 'unimplemented',
      message: 'Constructor is not implemented',
    });
    await transport.close();
    child.stdin.end();
    expect(await child.exited).toBe(0);
  });
});

async function readLine(stream: ReadableStream<Uint8Array>): Promise<string[]> {
  let text = '';
  for await (const chunk of stream) {
    text += new TextDecoder().decode(chunk);
    if (text.includes('\n')) break;
  }
  return text.split('\n');
}
