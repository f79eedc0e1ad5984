import { parseArgs } from 'node:util';
import { type PeerName, peerNames } from './peers/names.ts';

/** What the command line says. */
export interface RpcOptions {
  readonly help: boolean;
  readonly rounds: number;
  /** Of one measurement. */
  readonly seconds: number;
  readonly peers: readonly PeerName[];
  /** How many idle connections a server is given; 0: that is not measured. */
  readonly idle: number;
}

export const rpcUsage = `bun run benchmarks/rpc.ts [options]

Measures zrpc on its transports beside grpc-js, connect-node, raw QUIC and a ping-pong in C, and
prints Markdown tables. The machine should do nothing else.
--rounds N     rounds of everything (5)
--seconds S    time of one measurement (1)
--peers A,B    ${peerNames.join(', ')}
--idle N       idle connections of a server whose memory is read (10000; 0: none)`;

/** Reads the command line. Throws, with what is wrong, for what it does not know. */
export function readRpcOptions(args: readonly string[]): RpcOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '1' },
      peers: { type: 'string', default: peerNames.join(',') },
      idle: { type: 'string', default: '10000' },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    help: values.help,
    rounds: numberOf('rounds', values.rounds, 1),
    seconds: numberOf('seconds', values.seconds, 0.05),
    idle: numberOf('idle', values.idle, 0),
    peers: values.peers.split(',').map(peerOf),
  };
}

function numberOf(name: string, text: string, least: number): number {
  const value = Number(text);
  if (value >= least) return value;
  throw new Error(`--${name} must be a number from ${least} on, not ${text}`);
}

function peerOf(text: string): PeerName {
  const name = peerNames.find((known) => known === text);
  if (name !== undefined) return name;
  throw new Error(`--peers: ${text} is none of ${peerNames.join(', ')}`);
}
