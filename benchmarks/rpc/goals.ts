import { figure } from '../gateway/report/markdown.ts';
import type { FigureName } from './measure-peer.ts';
import type { PeerName } from './peers/names.ts';
import type { RpcFigures } from './rpc-figures.ts';

/** One goal of the design, with what was measured. */
export interface Goal {
  readonly title: string;
  readonly goal: string;
  readonly measured: string;
  /** Undefined: not measured in this run. */
  readonly isMet: boolean | undefined;
}

/** Where the client runs; the goals say nothing of it. */
const placements = new Map([
  ['two cores', { p95Us: 'p95Us', callsPerSecond: 'callsPerSecond' }],
  ['one core', { p95Us: 'oneCoreP95Us', callsPerSecond: 'oneCoreCallsPerSecond' }],
] as const);

/** The goals that the figures speak to. */
export function goalsOf(figures: RpcFigures, idleMb: number | undefined): Goal[] {
  const { of, ratio } = figures;
  const quicCalls = ratio('zrpc-quic', 'raw-quic', 'largeCallsPerSecond');
  return [
    ...[...placements].flatMap(([place, { p95Us, callsPerSecond }]) => [
      atMost(
        `Unix socket, p95 against C, ${place}`,
        ratio('zrpc-unix', 'C, epoll', p95Us),
        2.5,
        '×',
      ),
      atMost(`HTTP/2, p95, ${place}`, of('zrpc-http2', p95Us), 100, 'µs'),
      atMost(`HTTP/2, p95 against grpc-js, ${place}`, toGrpcJs('zrpc-http2', p95Us), 0.2, '×'),
      atMost(`WebSocket, p95, ${place}`, of('zrpc-websocket', p95Us), 150, 'µs'),
      atMost(
        `WebSocket, p95 against grpc-js, ${place}`,
        toGrpcJs('zrpc-websocket', p95Us),
        0.2,
        '×',
      ),
      atLeast(`Unix socket, ${place}`, of('zrpc-unix', callsPerSecond), 150_000, 'calls/s'),
      atLeast(`HTTP/2, ${place}`, of('zrpc-http2', callsPerSecond), 120_000, 'calls/s'),
      atLeast(`HTTP/2 against grpc-js, ${place}`, toGrpcJs('zrpc-http2', callsPerSecond), 10, '×'),
      atLeast(
        `HTTP/2 against connect-node, ${place}`,
        ratio('zrpc-http2', 'connect-node', callsPerSecond),
        20,
        '×',
      ),
    ]),
    atMost('Unix socket with busy poll, p95', of('zrpc-unix-busy', 'p95Us'), 20, 'µs'),
    atMost('raw bytes with busy poll, p95', of('raw-unix-busy', 'p95Us'), 10, 'µs'),
    atMost('raw bytes through shared memory, p95', of('raw-shared-memory', 'p95Us'), 1, 'µs'),
    atMost('QUIC 4 KB, p95 against raw', ratio('zrpc-quic', 'raw-quic', 'largeP95Us'), 1.3, '×'),
    atLeast('QUIC 4 KB, calls/s against raw', quicCalls, 1 / 1.3, '×'),
    atLeast('Unix socket, streaming', of('zrpc-unix', 'gigabytesPerSecond'), 1, 'GB/s'),
    atLeast('HTTP/2, streaming', of('zrpc-http2', 'gigabytesPerSecond'), 1, 'GB/s'),
    atMost('10,000 idle connections', idleMb, 100, 'MB'),
  ];

  function toGrpcJs(name: PeerName, figure: FigureName): number | undefined {
    return ratio(name, 'grpc-js', figure);
  }
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
