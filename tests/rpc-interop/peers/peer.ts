import type { Transport } from '@zeke/rpc';
import type { CaseName } from '../cases/case-names.ts';
import type { ServerAbilities } from '../cases/run-case.ts';
import type { OurServers } from '../ours/our-servers.ts';
import type { Certificates } from '../support/certificates.ts';

/** What all peers are given. */
export interface Bench {
  readonly certificates: Certificates;
  /** Of `authority.pem`, `server.pem` and `server.key`, the schema `testing.binpb`, and for sockets. */
  readonly folder: string;
  /** Of this run, with all transports. */
  readonly servers: OurServers;
}

/** Another implementation. What it cannot be is left out. */
export interface Peer {
  /** `grpc-go`; with `--peer` it runs alone. */
  readonly name: string;
  /**
   * Brings it here, where that has not been done.
   * @returns its version.
   * @throws Error that says why it is not to be had; then the peer counts as failed.
   */
  install(): Promise<string>;
  readonly clients?: readonly PeerClient[];
  readonly servers?: readonly PeerServer[];
}

/** How it calls our server. */
export interface PeerClient {
  /** `gRPC, TLS`. */
  readonly way: string;
  readonly cases: readonly CaseName[];
  /** Tells of each case as soon as it is over. One that is not told of has failed. */
  run(bench: Bench, cases: readonly CaseName[], tell: Tell): Promise<void>;
}

/** `fault` undefined: it went well. */
export type Tell = (name: CaseName, fault?: string) => void;

/** How our client calls it. */
export interface PeerServer {
  readonly way: string;
  readonly abilities: ServerAbilities;
  start(bench: Bench): Promise<RunningServer>;
}

interface RunningServer {
  /** Our client, connected. */
  readonly transport: Transport;
  stop(): Promise<void>;
}
