import { createClient } from '@zeke/rpc';
import { connectionPool } from '@zeke/rpc/balancing';
import { compress, type RetryEvent, retry } from '@zeke/rpc/interceptors';
import { Agent, type AgentClient } from '../gen/reaper/agent_pb.ts';
import { Chat, type ChatClient } from '../gen/reaper/chat_pb.ts';
import { Completion, type CompletionClient } from '../gen/reaper/completion_pb.ts';
import { Health, type HealthClient } from '../gen/reaper/health_pb.ts';
import { Provider, type ProviderClient } from '../gen/reaper/provider_pb.ts';
import { Commit, type CommitClient, Review, type ReviewClient } from '../gen/reaper/review_pb.ts';
import { Session, type SessionClient } from '../gen/reaper/session_pb.ts';
import { TestGen, type TestGenClient } from '../gen/reaper/testgen_pb.ts';
import { type Completer, completer } from './completer.ts';
import { transportMaker } from './transport-maker.ts';

/** Where a daemon takes calls. */
export type DaemonAddress =
  /** The Unix socket of the own user's daemon: no token is needed. */
  | { readonly socket: string }
  | {
      /** `http:` or `https:` (gRPC), `ws:` or `wss:`, `quic:`. */
      readonly url: string;
      /** What is in `$ZEKE_HOME/rpc-token` there. */
      readonly token?: string;
      /** Who may sign its certificate, in PEM: `$ZEKE_HOME/rpc-cert.pem` there. */
      readonly ca?: string;
    };

export interface DaemonClientOptions {
  /** Connections at most; another is made where one has 100 calls. Default 4. */
  readonly connections?: number;
  /** Requests of `complete` that go together at most. Default 10. */
  readonly batchSize?: number;
  /** How long the first of them waits for others, in milliseconds. Default 0: it does not. */
  readonly batchDelayMs?: number;
  /** Messages of 1 KiB and more are compressed. Default: not over a Unix socket. */
  readonly compression?: boolean;
  /** How often a call is sent at most where it fails, the first time included. Default 4. */
  readonly attempts?: number;
  /** Told of each repetition before its wait. */
  readonly onRetry?: (event: RetryEvent) => void;
}

/**
 * A daemon, by its services. Calls that may be sent twice are, three times, with waits from 100 ms to
 * 5 s; lost connections are made again with the next call. Deadlines where a call says none: 5 s for a
 * completion, 2 minutes for a chat; an agent has its own time limit.
 */
export interface DaemonClient extends AsyncDisposable {
  readonly completion: CompletionClient;
  readonly chat: ChatClient;
  readonly agent: AgentClient;
  readonly session: SessionClient;
  readonly review: ReviewClient;
  readonly testGen: TestGenClient;
  readonly commit: CommitClient;
  readonly provider: ProviderClient;
  readonly health: HealthClient;
  /** Completions for a typist: gathered into batches, sent once, and never an error. */
  readonly complete: Completer;
}

const completionTimeoutMs = 5_000;
const chatTimeoutMs = 120_000;
const sessionTimeoutMs = 30_000;
const defaultConnections = 4;
const defaultAttempts = 4;
const backoff = { initialMs: 100, maxMs: 5_000, multiplier: 2 };

/**
 * A client of the daemon at this address. Nothing is connected before the first call.
 * @throws RpcError invalid_argument for an address of no known kind.
 */
export async function connectDaemon(
  address: DaemonAddress,
  options: DaemonClientOptions = {},
): Promise<DaemonClient> {
  const { attempts: maxAttempts = defaultAttempts, onRetry } = options;
  const { compression = !('socket' in address) } = options;
  const size = options.connections ?? defaultConnections;
  const pool = connectionPool({ size, connect: await transportMaker(address) });
  const again = retry({ maxAttempts, backoff, ...(onRetry === undefined ? {} : { onRetry }) });
  const once = compression ? compress()(pool) : pool;
  const transport = again(once);
  const forTypists = createClient(Completion, once, { timeoutMs: completionTimeoutMs });
  return {
    completion: createClient(Completion, transport, { timeoutMs: completionTimeoutMs }),
    chat: createClient(Chat, transport, { timeoutMs: chatTimeoutMs }),
    agent: createClient(Agent, transport),
    session: createClient(Session, transport, { timeoutMs: sessionTimeoutMs }),
    review: createClient(Review, transport),
    testGen: createClient(TestGen, transport),
    commit: createClient(Commit, transport, { timeoutMs: chatTimeoutMs }),
    provider: createClient(Provider, transport, { timeoutMs: sessionTimeoutMs }),
    health: createClient(Health, transport, { timeoutMs: sessionTimeoutMs }),
    complete: completer(forTypists, options),
    [Symbol.asyncDispose]: () => pool.close(),
  };
}
