import { figure } from '../gateway/report/markdown.ts';
import type { RpcFigures } from './rpc-figures.ts';

/** One goal of the design, with what was measured. */
export interface Goal {
  readonly title: string;
  readonly goal: string;
  readonly measured: string;
  /** Undefined: not measured in this run. */
  readonly isMet: boolean | undefined;
}

/** The goals that the figures speak to. */
export function goalsOf(figures: RpcFigures, idleMb: number | undefined): Goal[] {
  const { peer, ratio } = figures;
  const floorP95 = figures.floor('C, epoll, two cores')?.p95Us;
  const unixP95 = peer('zrpc-unix', 'p95Us');
  const toFloor = unixP95 && floorP95 ? unixP95 / floorP95 : undefined;
  return [
    atMost('Unix socket, unary 200 B, p95 against the C floor', toFloor, 2.5, '×'),
    atMost('the same with busy poll, p95', peer('zrpc-unix-busy', 'p95Us'), 20, 'µs'),
    atMost('raw bytes with busy poll, p95', peer('raw-unix-busy', 'p95Us'), 10, 'µs'),
    atMost('raw bytes through shared memory, p95', peer('raw-shared-memory', 'p95Us'), 1, 'µs'),
    atMost('HTTP/2, p95', peer('zrpc-http2', 'p95Us'), 100, 'µs'),
    atMost('HTTP/2, p95 against grpc-js', ratio('zrpc-http2', 'grpc-js', 'p95Us'), 0.2, '×'),
    atMost('WebSocket, p95', peer('zrpc-websocket', 'p95Us'), 150, 'µs'),
    atMost('WebSocket, p95 against grpc-js', ratio('zrpc-websocket', 'grpc-js', 'p95Us'), 0.2, '×'),
    atLeast('Unix socket, calls/s', peer('zrpc-unix', 'callsPerSecond'), 150_000, '/s'),
    atLeast('HTTP/2, calls/s', peer('zrpc-http2', 'callsPerSecond'), 120_000, '/s'),
    atLeast('HTTP/2 against grpc-js', ratio('zrpc-http2', 'grpc-js', 'callsPerSecond'), 10, '×'),
    atLeast(
      'HTTP/2 against connect-node',
      ratio('zrpc-http2', 'connect-node', 'callsPerSecond'),
      20,
      '×',
    ),
    atMost('QUIC 4 KB, p95 against raw', ratio('zrpc-quic', 'raw-quic', 'largeP95Us'), 1.3, '×'),
    atLeast(
      'QUIC 4 KB, calls/s against raw',
      ratio('zrpc-quic', 'raw-quic', 'largeCallsPerSecond'),
      1 / 1.3,
      '×',
    ),
    atLeast('Unix socket, streaming', peer('zrpc-unix', 'gigabytesPerSecond'), 1, 'GB/s'),
    atLeast('HTTP/2, streaming', peer('zrpc-http2', 'gigabytesPerSecond'), 1, 'GB/s'),
    atMost('10,000 idle connections', idleMb, 100, 'MB'),
  ];
}

function atMost(title: string, value: number | undefined, goal: number, unit: string): Goal {
  const isMet = value === undefined ? undefined : value <= goal;
  return { title, goal: `≤ ${figure(goal)} ${unit}`, measured: shown(value, unit), isMet };
}

function atLeast(title: string, value: number | undefined, goal: number, unit: string): Goal {
  const isMet = value === undefined ? undefined : value >= goal;
  return { title, goal: `≥ ${figure(goal)} ${unit}`, measured: shown(value, unit), isMet };
}

function shown(value: number | undefined, unit: string): string {
  return value === undefined ? '-' : `${figure(value)} ${unit}`;
}
