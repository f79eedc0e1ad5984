import { expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer } from '../../core/server.ts';
import { RpcError } from '../../rpc-error.ts';
import { Notes } from '../../testing/note-service.ts';
import { testCertificates } from '../../testing/test-certificates.ts';
import { listenQuic } from './quic.ts';

const handler = createServer().add(Notes, {
  echo(note) {
    if (note.text === 'fail') throw new RpcError('not_found', 'no such note');
    return note;
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
    for await (const note of notes) yield { number: note.number * 2 };
  },
}).handler;

const limitMs = 20_000;

/** Runs a script of the folder `fixtures` on Deno: what it printed. */
async function deno(script: string, ...args: string[]): Promise<{ out: string; log: string }> {
  const program = fileURLToPath(import.meta.resolve('deno/bin.cjs'));
  const flags = ['run', '--unstable-net', '--no-config', '--no-lock', '--allow-all', '--quiet'];
  const file = join(import.meta.dirname, 'fixtures', script);
  const stdio: ('ignore' | 'pipe')[] = ['ignore', 'pipe', 'pipe'];
  const child = spawn(program, [...flags, file, ...args], { stdio, detached: true });
  // The program is a script around the real one: both end, as a group.
  const timer = setTimeout(() => process.kill(-(child.pid ?? 0)), limitMs);
  const printed = { out: '', log: '' };
  child.stdout?.on('data', (chunk) => {
    printed.out += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    printed.log += chunk;
  });
  await new Promise((resolve) => {
    child.on('close', resolve);
  });
  clearTimeout(timer);
  return printed;
}

test('calls of each kind come from Deno’s QUIC', async () => {
  const { authority, server } = await testCertificates();
  const folder = mkdtempSync(join(tmpdir(), 'zrpc-deno-'));
  const file = join(folder, 'authority.pem');
  writeFileSync(file, authority);
  const tls = { cert: server.certificate, key: server.key };
  const listener = await listenQuic({ host: '127.0.0.1', port: 0, tls, handler });
  const { out, log } = await deno('deno-client.mjs', new URL(listener.address).port, file);
  await listener.close({ graceMs: 0 });
  rmSync(folder, { recursive: true });
  expect({ log, answer: out === '' ? undefined : JSON.parse(out) }).toEqual({
    log: '',
    answer: {
      echo: ['hé', 200_000],
      failure: { code: 'not_found', message: 'no such note' },
      listed: 300,
      collected: 6,
      chatted: [2, 4, 6],
    },
  });
}, 30_000);
