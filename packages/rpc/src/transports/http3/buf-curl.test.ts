import { afterAll, beforeAll, expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Listener } from '../../core/call.ts';
import { createServer } from '../../core/server.ts';
import { RpcError } from '../../rpc-error.ts';
import { Notes } from '../../testing/note-service.ts';
import { testCertificates } from '../../testing/test-certificates.ts';
import { listenHttp3 } from './http3.ts';

/*
 * Interoperability with quic-go and connect-go, by `buf curl`.
 */

const schema = `syntax = "proto3";
package zrpc.test;
message Note { string text = 1; bytes payload = 2; uint32 number = 3; }
service Notes {
  rpc Echo(Note) returns (Note);
  rpc List(Note) returns (stream Note);
  rpc Collect(stream Note) returns (Note);
  rpc Chat(stream Note) returns (stream Note);
}
`;
const folder = mkdtempSync(join(tmpdir(), 'zrpc-http3-'));
const buf = createRequire(import.meta.url).resolve('@bufbuild/buf/bin/buf');
let listener: Listener;

beforeAll(async () => {
  const { authority, server } = await testCertificates();
  writeFileSync(join(folder, 'notes.proto'), schema);
  writeFileSync(join(folder, 'authority.pem'), authority);
  const handler = createServer().add(Notes, {
    echo(note, context) {
      if (note.text === 'fail') throw new RpcError('not_found', 'no such note: 100 %');
      context.sendHeader({ 'x-seen': context.metadata.get('x-sent') ?? '' });
      context.trailer.append('x-after', 'last');
      return { ...note, payload: new Uint8Array(20_000) };
    },
    async *list({ number }) {
      for (let i = 0; i < number; i++) yield { number: i };
    },
    async collect(notes) {
      let number = 0;
      for await (const note of notes) number += note.number;
      return { number };
    },
    async *chat(notes) {
      for await (const note of notes) yield { text: note.text.toUpperCase() };
    },
  }).handler;
  const tls = { cert: server.certificate, key: server.key };
  listener = await listenHttp3({ host: '127.0.0.1', port: 0, tls, handler });
});

afterAll(async () => {
  await listener.close({ graceMs: 0 });
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly out: string;
  readonly log: string;
}

async function call(method: string, data: string, ...flags: string[]): Promise<Answer> {
  const { port } = new URL(listener.address);
  const url = `https://localhost:${port}/zrpc.test.Notes/${method}`;
  const common = ['--http3', '--protocol', 'grpc', '--cacert', 'authority.pem'];
  const args = ['curl', ...common, '--schema', 'notes.proto', '-d', '@-', ...flags, url];
  const child = spawn(buf, args, { cwd: folder });
  const answer = { out: '', log: '' };
  child.stdout.on('data', (chunk) => {
    answer.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    answer.log += chunk;
  });
  child.stdin.end(data);
  await new Promise((resolve) => {
    child.on('close', resolve);
  });
  return answer;
}

test.concurrent('a unary call, with its header and trailer', async () => {
  const { out, log } = await call('Echo', '{"text": "hé"}', '-v', '-H', 'x-sent: yes');
  expect(JSON.parse(out)).toMatchObject({ text: 'hé' });
  expect(log).toMatch(/HTTP\/3\.0 200 OK/);
  expect(log).toMatch(/X-Seen: yes/i);
  expect(log).toMatch(/X-After: last/i);
}, 20_000);

test.concurrent('the code and the message of a failure', async () => {
  const { log } = await call('Echo', '{"text": "fail"}');
  expect(JSON.parse(log)).toMatchObject({ code: 'not_found', message: 'no such note: 100 %' });
}, 20_000);

test.concurrent('streams of all kinds', async () => {
  const three = '{"number": 1}\n{"number": 2}\n{"number": 3}';
  const [list, collect, chat] = await Promise.all([
    call('List', '{"number": 500}'),
    call('Collect', three),
    call('Chat', '{"text": "a"}\n{"text": "b"}'),
  ]);
  expect(list.out.match(/number/g)?.length).toBe(499);
  expect(JSON.parse(collect.out)).toEqual({ number: 6 });
  expect(chat.out.match(/"[AB]"/g)).toEqual(['"A"', '"B"']);
}, 20_000);
