/** What bounds every connection and call. All but the age of connections are on by default. */
export interface RpcLimits {
  /** The longest message in either direction, in bytes, after decompression: 4 MiB. */
  readonly maxMessageBytes: number;
  /** The largest header or trailer, counted as `Metadata.byteLength`: 16 KiB. */
  readonly maxMetadataBytes: number;
  /**
   * Calls open at once on one connection, of each side: 1,000. Further calls of a client wait for a
   * free place, as `maxQueuedCalls` allows, and its peer's limit counts as well as its own; a server
   * refuses what a client opens beyond its limit.
   */
  readonly maxStreams: number;
  /**
   * Connections a listener holds at once: 10,000. More are closed at once. `Bun.serve` cannot bound
   * them: `serveFetch` does not there, `listenWebSocket` counts those that have become WebSockets.
   */
  readonly maxConnections: number;
  /**
   * What a call may hold of messages that its reader has not taken, in bytes: 256 KiB. While its
   * reader keeps up it grows, to at most a quarter of `connectionWindowBytes`.
   */
  readonly streamWindowBytes: number;
  /** The same for all calls of a connection together: 4 MiB. */
  readonly connectionWindowBytes: number;
  /**
   * What a connection may hold of bytes that its peer has not taken: 16 MiB. Calls that wait for a
   * connection, or for a free place on it, may hold as much; above it a call is
   * `resource_exhausted`.
   */
  readonly maxQueuedBytes: number;
  /** Calls that wait for a connection to be made, or for a free place on it: 10,000. */
  readonly maxQueuedCalls: number;
  /**
   * From the connection to the end of its handshake, in milliseconds: 10,000; of HTTP/1.1 to the end
   * of a request's header. `Bun.serve` knows `idleTimeoutMs` only.
   */
  readonly handshakeTimeoutMs: number;
  /** Without an open call, after which a connection is closed, in milliseconds: 300,000. 0: never. */
  readonly idleTimeoutMs: number;
  /**
   * How old a connection of a listener becomes, in milliseconds, a tenth more or less: 0, for ever.
   * Then it takes no further call, and its client connects again, to a server that may be new. Not of
   * `serveFetch`, whose connections are those of HTTP.
   */
  readonly maxConnectionAgeMs: number;
  /** How long its open calls may go on then, in milliseconds: 10,000. */
  readonly maxConnectionAgeGraceMs: number;
  /** Between two pings of a connection with open calls, in milliseconds: 30,000. 0: none. */
  readonly keepaliveIntervalMs: number;
  /** For the answer to a ping, in milliseconds: 20,000. */
  readonly keepaliveTimeoutMs: number;
}

export const defaultLimits: RpcLimits = {
  maxMessageBytes: 4 * 1024 * 1024,
  maxMetadataBytes: 16 * 1024,
  maxStreams: 1_000,
  maxConnections: 10_000,
  streamWindowBytes: 256 * 1024,
  connectionWindowBytes: 4 * 1024 * 1024,
  maxQueuedBytes: 16 * 1024 * 1024,
  maxQueuedCalls: 10_000,
  handshakeTimeoutMs: 10_000,
  idleTimeoutMs: 300_000,
  maxConnectionAgeMs: 0,
  maxConnectionAgeGraceMs: 10_000,
  keepaliveIntervalMs: 30_000,
  keepaliveTimeoutMs: 20_000,
};

/** The defaults with what the caller sets. */
export function limitsWith(limits: Partial<RpcLimits> | undefined): RpcLimits {
  return limits === undefined ? defaultLimits : { ...defaultLimits, ...limits };
}
