/** The generator of load, a process of its own: takes one `LoadCommand` after the other. */
import { HeldStreams } from './held-streams.ts';
import type { LoadCommand, LoadReply, ProbeJob, ProbeResult } from './load-job.ts';
import { ResponseReader } from './response-reader.ts';
import { runLoad } from './run-load.ts';

const held = new HeldStreams();

process.on('message', (command: LoadCommand) => {
  void run(command)
    .catch((error: unknown): LoadReply => ({ failed: String(error) }))
    .then((reply) => process.send?.(reply));
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');

async function run(command: LoadCommand): Promise<LoadReply> {
  if (command === 'let go') return { held: held.close() };
  if ('hold' in command) return { held: await held.open(command.hold) };
  if ('load' in command) return { loaded: await runLoad(command.load) };
  return { probed: await probe(command.probe) };
}

function probe({ port, request }: ProbeJob): Promise<ProbeResult> {
  const { promise, resolve, reject } = Promise.withResolvers<ProbeResult>();
  const parts: Buffer[] = [];
  let unsent = Buffer.from(request);
  const reader = new ResponseReader((bytes, from, to) => {
    parts.push(Buffer.from(bytes.subarray(from, to)));
  });
  Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      open: (socket) => {
        unsent = unsent.subarray(Math.max(0, socket.write(unsent)));
      },
      drain: (socket) => {
        if (unsent.length > 0) unsent = unsent.subarray(Math.max(0, socket.write(unsent)));
      },
      data: (socket, bytes) => {
        try {
          reader.push(bytes);
          if (!reader.done) return;
          resolve({ status: reader.status, body: Buffer.concat(parts).toString() });
        } catch (error) {
          reject(error);
        }
        socket.terminate();
      },
      close: () => reject(new Error('the connection was closed')),
      connectError: (_, error) => reject(error),
      error: (_, error) => reject(error),
    },
  }).catch(reject);
  return promise;
}
