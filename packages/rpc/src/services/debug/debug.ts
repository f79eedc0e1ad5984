import type {
  CallHandler,
  ClientCall,
  ClientSink,
  OpenOptions,
  Peer,
  ServerCall,
  Trailer,
  Transport,
} from '../../core/call.ts';
import type { Connection } from '../../core/connection.ts';
import type { MethodInfo } from '../../core/method.ts';
import { WatchedClientCall, WatchedServerCall } from '../../core/watched-call.ts';
import { requestIdOf } from '../../interceptors/telemetry/request-id.ts';
import type { Code, RpcError } from '../../rpc-error.ts';

/** What the process is doing in RPC, as plain JSON. */
export interface DebugData {
  /** Milliseconds since 1970, when watching began, and now. */
  readonly startedAt: number;
  readonly now: number;
  /** The peers that have called and the transports that are called, the longest known first. */
  readonly connections: readonly ConnectionData[];
  /** The open calls, the longest open first; at most 1,000. */
  readonly calls: readonly CallData[];
  /** The last calls that failed, the latest first; at most 100. */
  readonly failures: readonly FailureData[];
}

export interface ConnectionData {
  readonly id: number;
  readonly side: 'server' | 'client';
  /** `Peer.transport`; of a client the name that it was given. */
  readonly transport: string;
  readonly address: string;
  /** Milliseconds since 1970. */
  readonly firstCallAt: number;
  readonly lastCallAt: number;
  readonly calls: number;
  readonly active: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly messagesReceived: number;
  readonly messagesSent: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Where the client's transport is one connection: whether it takes further calls. */
  readonly acceptsCalls?: boolean;
}

export interface CallData {
  readonly id: number;
  readonly connection: number;
  readonly side: 'server' | 'client';
  readonly method: string;
  readonly requestId?: string;
  readonly ageMs: number;
  /** Until the deadline; absent without one. */
  readonly leftMs?: number;
  readonly messagesReceived: number;
  readonly messagesSent: number;
}

export interface FailureData {
  readonly method: string;
  readonly side: 'server' | 'client';
  readonly connection: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly durationMs: number;
  readonly code: Code;
  readonly message: string;
}

export interface DebugOptions {
  /** Milliseconds of a clock that never goes back, as deadlines have it. Default `performance.now`. */
  readonly now?: () => number;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly wallNow?: () => number;
}

/** Watches calls for a debug page. */
export interface Debug {
  /** The server interceptor; the first one of all, so that it sees what others refuse. */
  readonly server: (next: CallHandler) => CallHandler;
  /** A client interceptor, under a name for this transport. */
  readonly client: (name: string) => (next: Transport) => Transport;
  readonly data: () => DebugData;
}

const maxConnections = 1_000;
const maxCalls = 1_000;
const maxFailures = 100;

/**
 * What `/debug` shows, in the manner of channelz: nothing is watched until this is made and its
 * interceptors are used. Shows addresses, methods and messages of errors: give it to nobody but
 * operators. Of connections without open calls the last 1,000 are kept.
 */
export function createDebug(options: DebugOptions = {}): Debug {
  const watch = new DebugWatch(options);
  return {
    server: (next) => (call) => next(new DebugServerCall(call, watch)),
    client: (name) => (next) => {
      const connection = watch.connection('client', name, '', next);
      return {
        open(method: MethodInfo, opened: OpenOptions, sink: ClientSink): ClientCall {
          const record = watch.begin(connection, method.path, opened.deadlineAt);
          return new DebugClientCall(sink, watch, record).open(next, method, opened);
        },
        close: () => next.close(),
      };
    },
    data: () => watch.data(),
  };
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

interface ConnectionRecord extends Writable<Omit<ConnectionData, 'acceptsCalls'>> {
  readonly transportObject: Transport | undefined;
}

interface CallRecord {
  readonly id: number;
  readonly connection: ConnectionRecord;
  readonly method: string;
  readonly startedAt: number;
  readonly deadlineAt: number;
  requestId: (() => string | undefined) | undefined;
  messagesReceived: number;
  messagesSent: number;
}

class DebugWatch {
  readonly #now: () => number;
  readonly #wallNow: () => number;
  readonly #startedAt: number;
  readonly #byPeer = new Map<Peer, ConnectionRecord>();
  readonly #clients: ConnectionRecord[] = [];
  readonly #calls = new Set<CallRecord>();
  readonly #failures: FailureData[] = [];
  #lastId = 0;

  constructor(options: DebugOptions) {
    this.#now = options.now ?? (() => performance.now());
    this.#wallNow = options.wallNow ?? Date.now;
    this.#startedAt = this.#wallNow();
  }

  connection(
    side: 'server' | 'client',
    transport: string,
    address: string,
    transportObject?: Transport,
  ): ConnectionRecord {
    const at = this.#wallNow();
    const connection: ConnectionRecord = {
      id: this.#nextId(),
      side,
      transport,
      address,
      firstCallAt: at,
      lastCallAt: at,
      calls: 0,
      active: 0,
      succeeded: 0,
      failed: 0,
      messagesReceived: 0,
      messagesSent: 0,
      bytesReceived: 0,
      bytesSent: 0,
      transportObject,
    };
    if (side === 'client') this.#clients.push(connection);
    return connection;
  }

  connectionOf(peer: Peer): ConnectionRecord {
    let connection = this.#byPeer.get(peer);
    if (connection === undefined) {
      this.#makeRoom();
      connection = this.connection('server', peer.transport, peer.address);
      this.#byPeer.set(peer, connection);
    }
    return connection;
  }

  begin(connection: ConnectionRecord, method: string, deadlineAt: number): CallRecord {
    connection.calls += 1;
    connection.active += 1;
    connection.lastCallAt = this.#wallNow();
    const call: CallRecord = {
      id: this.#nextId(),
      connection,
      method,
      startedAt: this.#now(),
      deadlineAt,
      requestId: undefined,
      messagesReceived: 0,
      messagesSent: 0,
    };
    this.#calls.add(call);
    return call;
  }

  end(call: CallRecord, error: RpcError | undefined): void {
    const { connection, method } = call;
    this.#calls.delete(call);
    connection.active -= 1;
    if (error === undefined) {
      connection.succeeded += 1;
      return;
    }
    connection.failed += 1;
    this.#failures.push({
      method,
      side: connection.side,
      connection: connection.id,
      at: this.#wallNow(),
      durationMs: this.#now() - call.startedAt,
      code: error.code,
      message: error.message,
    });
    if (this.#failures.length > maxFailures) this.#failures.shift();
  }

  data(): DebugData {
    const now = this.#now();
    const connections = [...this.#clients, ...this.#byPeer.values()];
    return {
      startedAt: this.#startedAt,
      now: this.#wallNow(),
      connections: connections.sort((left, right) => left.id - right.id).map(connectionData),
      calls: [...this.#calls].slice(0, maxCalls).map((call) => callData(call, now)),
      failures: this.#failures.toReversed(),
    };
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** Forgets the connection at rest that was known first; with none at rest, the first. */
  #makeRoom(): void {
    if (this.#byPeer.size < maxConnections) return;
    for (const [peer, connection] of this.#byPeer) {
      if (connection.active > 0) continue;
      this.#byPeer.delete(peer);
      return;
    }
    const [first] = this.#byPeer.keys();
    if (first !== undefined) this.#byPeer.delete(first);
  }
}

function connectionData(record: ConnectionRecord): ConnectionData {
  const { transportObject, ...data } = record;
  if (transportObject === undefined || !('acceptsCalls' in transportObject)) return data;
  return { ...data, acceptsCalls: (transportObject as Connection).acceptsCalls };
}

function callData(call: CallRecord, now: number): CallData {
  const requestId = call.requestId?.();
  return {
    id: call.id,
    connection: call.connection.id,
    side: call.connection.side,
    method: call.method,
    ...(requestId === undefined ? {} : { requestId }),
    ageMs: now - call.startedAt,
    ...(call.deadlineAt === Number.POSITIVE_INFINITY ? {} : { leftMs: call.deadlineAt - now }),
    messagesReceived: call.messagesReceived,
    messagesSent: call.messagesSent,
  };
}

class DebugServerCall extends WatchedServerCall {
  readonly #watch: DebugWatch;
  readonly #record: CallRecord;

  constructor(call: ServerCall, watch: DebugWatch) {
    super(call);
    this.#watch = watch;
    this.#record = watch.begin(watch.connectionOf(call.peer), call.path, call.deadlineAt);
    this.#record.requestId = () => requestIdOf(this);
  }

  protected override received(bytes: Uint8Array): void {
    countReceived(this.#record, bytes);
  }

  protected override sent(bytes: Uint8Array): void {
    countSent(this.#record, bytes);
  }

  protected override ended(error: RpcError | undefined): void {
    this.#watch.end(this.#record, error);
  }
}

class DebugClientCall extends WatchedClientCall {
  readonly #watch: DebugWatch;
  readonly #record: CallRecord;

  constructor(sink: ClientSink, watch: DebugWatch, record: CallRecord) {
    super(sink);
    this.#watch = watch;
    this.#record = record;
  }

  protected override received(bytes: Uint8Array): void {
    countReceived(this.#record, bytes);
  }

  protected override sent(bytes: Uint8Array): void {
    countSent(this.#record, bytes);
  }

  protected override ended({ error }: Trailer): void {
    this.#watch.end(this.#record, error);
  }
}

function countReceived(record: CallRecord, bytes: Uint8Array): void {
  record.messagesReceived += 1;
  record.connection.messagesReceived += 1;
  record.connection.bytesReceived += bytes.length;
}

function countSent(record: CallRecord, bytes: Uint8Array): void {
  record.messagesSent += 1;
  record.connection.messagesSent += 1;
  record.connection.bytesSent += bytes.length;
}
