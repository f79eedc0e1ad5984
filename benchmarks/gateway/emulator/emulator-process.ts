/**
 * The provider of the benchmarks, a process of its own: HTTP/1.1 by hand on raw sockets, so that it
 * is far faster than what is measured. It sends `{ port }` to its parent when it listens.
 */
import type { Socket } from 'bun';
import { lateMs, paceMs } from '../answers.ts';
import type { StreamTime } from '../load/load-job.ts';
import { sharedNowMs } from '../shared-clock.ts';
import { replyTo } from './replies.ts';
import { RequestReader } from './request-reader.ts';

/** Sent to the parent for each message from it. */
export interface EmulatorReport {
  /** Paced and held streams under way. */
  streaming: number;
  /** Those whose reader left before their end, since the last report. */
  cut: readonly StreamTime[];
}

interface Connection {
  reader: RequestReader;
  unsent: Buffer | undefined;
  /** Of the paced or held stream under way. */
  number: number;
  held: boolean;
  timer: ReturnType<typeof setInterval> | undefined;
  /** Of the late answer under way. */
  late: ReturnType<typeof setTimeout> | undefined;
}

let streaming = 0;
let cut: StreamTime[] = [];

const server = Bun.listen<Connection>({
  hostname: '127.0.0.1',
  port: 0,
  socket: {
    open: (socket) => {
      socket.setNoDelay(true);
      socket.data = {
        reader: new RequestReader(),
        unsent: undefined,
        number: 0,
        held: false,
        timer: undefined,
        late: undefined,
      };
    },
    data: answer,
    drain: (socket) => {
      const { unsent } = socket.data;
      socket.data.unsent = undefined;
      if (unsent) send(socket, unsent);
    },
    close: (socket) => {
      const { held, timer, number } = socket.data;
      if (timer || held) cut.push({ number, atMs: sharedNowMs() });
      endStream(socket);
      clearTimeout(socket.data.late);
    },
    error: () => {},
  },
});

process.on('message', () => {
  process.send?.({ streaming, cut } satisfies EmulatorReport);
  cut = [];
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port: server.port });

function answer(socket: Socket<Connection>, bytes: Buffer): void {
  const request = socket.data.reader.push(bytes);
  if (!request) return;
  const reply = replyTo(request);
  if (reply.kind === 'bytes') {
    send(socket, reply.bytes);
    return;
  }
  if (reply.kind === 'late') {
    socket.data.late = setTimeout(() => send(socket, reply.bytes), lateMs);
    return;
  }
  send(socket, reply.first);
  streaming++;
  socket.data.number = reply.number;
  if (reply.kind === 'held') {
    socket.data.held = true;
    return;
  }
  let sent = 0;
  socket.data.timer = setInterval(() => {
    const record = reply.rest[sent++];
    if (record) send(socket, record);
    if (sent === reply.rest.length) endStream(socket);
  }, paceMs);
}

function endStream({ data }: Socket<Connection>): void {
  if (!data.timer && !data.held) return;
  clearInterval(data.timer);
  data.timer = undefined;
  data.held = false;
  streaming--;
}

function send(socket: Socket<Connection>, bytes: Buffer): void {
  const { data } = socket;
  if (data.unsent) {
    data.unsent = Buffer.concat([data.unsent, bytes]);
    return;
  }
  const sent = Math.max(0, socket.write(bytes));
  if (sent < bytes.length) data.unsent = bytes.subarray(sent);
}
