import assert from 'node:assert/strict';
import { createServer } from '../../../core/server.ts';
import { newSocketPath } from '../../../testing/contract/harnesses.ts';
import { Notes } from '../../../testing/note-service.ts';
import type { listenWebSocket } from '../server.ts';
import { frameBytes, opcode, RawWebSocket } from './raw-websocket.ts';

/** Far more than two Unix sockets hold, in bytes, and far less than a server keeps for messages. */
const floodBytes = 8 * 1024 * 1024;

/** Registers, with the test of any runner, what becomes of a client that pings and never reads. */
export function pingFloodTest(
  listen: typeof listenWebSocket,
  test: (name: string, run: () => Promise<void>) => unknown,
): void {
  test('a client that pings and reads no answer is cut off, others are served', async () => {
    const path = newSocketPath();
    const { handler } = createServer().add(Notes, { echo: (note) => note });
    const listener = await listen({ path, handler });
    const socket = await RawWebSocket.connect(path);
    const ping = frameBytes({ opcode: opcode.ping, payload: Buffer.alloc(125, 7) });
    const pings = Buffer.concat(Array.from({ length: 500 }, () => ping));
    let sent = 0;
    while (sent < floodBytes && (await socket.sendDeaf(pings))) sent += pings.length;
    assert.ok(sent < floodBytes, `${sent} bytes of pings were taken`);
    const other = await RawWebSocket.connect(path);
    other.send({ opcode: opcode.ping });
    assert.ok(await other.next((frame) => frame.opcode === opcode.pong));
    other.destroy();
    socket.destroy();
    await listener.close({ graceMs: 0 });
  });
}
