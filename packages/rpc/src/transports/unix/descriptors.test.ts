import { afterAll, expect, test } from 'bun:test';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listenDescriptors, passDescriptor } from './descriptors.ts';

const folder = mkdtempSync(join(tmpdir(), 'zrpc-fd-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'descriptors.sock');
const secret = join(folder, 'secret');
writeFileSync(secret, 'what the other process may read');

const openDescriptors = () => readdirSync('/proc/self/fd').length;

test('another process hands over a file that it has opened', async () => {
  const inbox = await listenDescriptors({ path });
  const sender = Bun.spawn(
    [
      process.execPath,
      '-e',
      `import { openSync } from 'node:fs';
       import { passDescriptor } from ${JSON.stringify(join(import.meta.dir, 'descriptors.ts'))};
       console.log(await passDescriptor(${JSON.stringify(path)}, openSync(${JSON.stringify(secret)}, 'r')));`,
    ],
    { stdout: 'pipe', stderr: 'inherit' },
  );
  const id = (await new Response(sender.stdout).text()).trim();
  const descriptor = await inbox.take(id);
  expect(readFileSync(descriptor, 'utf8')).toBe('what the other process may read');
  closeSync(descriptor);
  await inbox.close();
});

test('a call may name a descriptor before it comes, and each sender keeps its own', async () => {
  const inbox = await listenDescriptors({ path });
  const mine = openSync(secret, 'r');
  const ids = await Promise.all([passDescriptor(path, mine), passDescriptor(path, mine)]);
  const taken = await Promise.all(ids.map((id) => inbox.take(id)));
  expect(new Set([mine, ...taken]).size).toBe(3);
  for (const descriptor of [mine, ...taken]) closeSync(descriptor);
  await inbox.close();
});

test('what nobody takes is closed, with its time or with the inbox', async () => {
  const before = openDescriptors();
  const mine = openSync(secret, 'r');
  const inbox = await listenDescriptors({ path });
  await passDescriptor(path, mine);
  await passDescriptor(path, mine);
  const left = inbox.take('00').catch((error) => error.code);
  await inbox.close();
  expect(await left).toBe('unavailable');
  const quick = await listenDescriptors({ path, keepMs: 30 });
  await passDescriptor(path, mine);
  expect(await quick.take('00').catch((error) => error.code)).toBe('deadline_exceeded');
  closeSync(mine);
  await quick.close();
  while (openDescriptors() > before) await new Promise((resolve) => setImmediate(resolve));
});

test('where nobody listens it cannot be sent', async () => {
  await expect(passDescriptor(path, 0)).rejects.toMatchObject({ code: 'unavailable' });
});
