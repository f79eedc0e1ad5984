import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { createClient } from '../core/client.ts';
import { createServer } from '../core/server.ts';
import { RpcError } from '../rpc-error.ts';
import { connectHttp2 } from '../transports/http2/connect-http2.ts';
import { listenHttp2 } from '../transports/http2/listen-http2.ts';
import { connectUnix, listenUnix } from '../transports/unix/unix.ts';
import { newSocketPath } from './contract/harnesses.ts';
import { Notes } from './note-service.ts';

/**
 * Registers tests for Node's runner: a runtime that cannot tell who connects to a Unix socket lets
 * nobody in whom it was told to keep out. Bun's stand beside the transports.
 */
export function nodeUserTests(test: (name: string, run: () => Promise<void>) => unknown): void {
  const { handler } = createServer().add(Notes, { echo: (note) => note });
  const transports = [
    { name: 'unix', listen: listenUnix, connect: connectUnix },
    { name: 'http2', listen: listenHttp2, connect: connectHttp2 },
  ];

  for (const { name, listen, connect } of transports) {
    test(`${name}: users who cannot be checked are not let in`, async () => {
      const path = newSocketPath();
      for (const access of [
        { allowedUsers: [54_321] },
        { allowedUsers: [54_321], mode: 0o666 },
        { allowedUsers: [] },
        { mode: 0o660 },
      ]) {
        const error = await listen({ path, handler, ...access }).catch((reason) => reason);
        assert.ok(error instanceof RpcError, `${JSON.stringify(access)} was taken`);
        assert.equal(error.code, 'unimplemented');
        assert.match(error.message, /set allowedUsers to "any"/);
      }
    });

    test(`${name}: the permissions of the file can be trusted instead`, async () => {
      for (const access of [{}, { mode: 0o600 }, { allowedUsers: 'any', mode: 0o666 } as const]) {
        const path = newSocketPath();
        const listener = await listen({ path, handler, ...access });
        const transport = connect({ path });
        assert.equal((await createClient(Notes, transport).echo({ text: 'in' })).text, 'in');
        await transport.close();
        await listener.close({ graceMs: 0 });
        await rm(path, { force: true });
      }
    });
  }
}
