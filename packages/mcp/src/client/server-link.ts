import type { Client, RequestOptions, Tool } from '@modelcontextprotocol/client';
import type { McpServerConfig } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { ToolChange } from '../policy/mcp-call.ts';
import type { ToolPins } from '../policy/tool-pins.ts';
import { CallDeadline } from './call-deadline.ts';
import { hubError } from './hub-error.ts';
import type { CallOptions, HubServer, ServerView } from './hub-types.ts';
import { firstRetryMs, maxCallsPerServer, maxFailures, maxRetryMs } from './limits.ts';
import { listedTools } from './listed-tools.ts';
import type { SignIn } from './oauth/sign-in.ts';
import {
  type ConnectionOptions,
  type ListName,
  type OpenConnection,
  openConnection,
} from './open-connection.ts';
import type { AskingCall, Questions } from './questions.ts';
import { watchResource } from './watch-resource.ts';

export interface ServerLinkOptions
  extends Pick<
    ConnectionOptions,
    'client' | 'environment' | 'folder' | 'guard' | 'fetch' | 'store' | 'now'
  > {
  readonly questions: Questions;
  readonly root?: { readonly uri: string; readonly name: string };
  readonly pins?: ToolPins;
  /** 0: never. */
  readonly idleTimeoutMs: number;
  readonly onChanged: (list: ListName) => void;
  readonly onUpdated: (uri: string) => void;
}

type State =
  | {
      readonly status: 'idle' | 'connecting' | 'disabled' | 'needs-consent';
      readonly reason?: string;
    }
  | { readonly status: 'ready'; readonly connection: OpenConnection }
  | {
      readonly status: 'failed' | 'needs-auth';
      readonly error: RpcError;
      /** Before, nothing is tried. */
      readonly retryAt: number;
    };

/** Longer than any timer counts: the hub has its own. */
const noTimeoutMs = 2 ** 31 - 1;
/** How soon it is looked whether somebody has logged in meanwhile, in milliseconds. */
const loginRetryMs = 5_000;

/**
 * One server: connected when it is needed, closed when it is not, and after failures tried again at growing
 * intervals, as long as there is hope.
 */
export class ServerLink implements AsyncDisposable {
  readonly server: HubServer;
  readonly #options: ServerLinkOptions;
  #state: State;
  #connecting: Promise<OpenConnection> | undefined;
  #stop = new AbortController();
  #failures = 0;
  #isKnownLegacy = false;
  #tools: readonly Tool[] = [];
  #changes: ReadonlyMap<string, ToolChange> = new Map();
  #notes: readonly string[] = [];
  #about: Pick<ServerView, 'protocolVersion' | 'implementation' | 'instructions' | 'connectMs'> =
    {};
  readonly #calls = new Set<AskingCall>();
  /** By address, with whom to tell. */
  readonly subscriptions = new Map<string, Set<() => void>>();
  #idleTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(server: HubServer, options: ServerLinkOptions) {
    this.server = server;
    this.#options = options;
    this.#state = restingState(server);
  }

  get config(): McpServerConfig {
    return this.server.config;
  }

  get questions(): Questions {
    return this.#options.questions;
  }

  /** As of the last connection. */
  get tools(): readonly Tool[] {
    return this.#tools;
  }

  /** Of its tools, by name: those that describe themselves differently than before. */
  get changes(): ReadonlyMap<string, ToolChange> {
    return this.#changes;
  }

  /** Whether its tools can be known only by connecting, and that is worth trying. */
  get isUnknown(): boolean {
    return this.#about.protocolVersion === undefined && this.#mayConnect() === undefined;
  }

  /** What it wrote to standard error and to its log in this connection. */
  get log(): string {
    return this.#state.status === 'ready' ? this.#state.connection.log.text : '';
  }

  view(): ServerView {
    const { config, source } = this.server;
    const reason = reasonOf(this.#state);
    return {
      name: config.name,
      status: this.#state.status,
      ...(reason === undefined ? {} : { reason }),
      source,
      transport: config.transport,
      address:
        config.transport === 'stdio' ? [config.command, ...config.args].join(' ') : config.url,
      tools: this.#tools.length,
      notes: this.#notes,
      ...this.#about,
    };
  }

  /** Does something with the server, connected first. Throws our errors only. */
  async use<T>(
    work: (client: Client, options: RequestOptions) => Promise<T>,
    options: CallOptions = {},
  ): Promise<T> {
    try {
      return await this.#once(work, options);
    } catch (error) {
      if (!(error instanceof SessionLost)) throw error;
      // Nothing was done with the call: the server knows nothing of its session any more.
      await this.#drop();
      return this.#once(work, options);
    }
  }

  /** Connects where it is not connected. `isForced`: also where it has failed too often, or a moment ago. */
  async connect(signal?: AbortSignal, isForced = false): Promise<OpenConnection> {
    if (this.#state.status === 'ready') return this.#state.connection;
    if (isForced) {
      this.#failures = 0;
      this.#state = restingState(this.server);
    }
    const refusal = this.#mayConnect();
    if (refusal !== undefined) throw refusal;
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = undefined;
    });
    return untilAborted(this.#connecting, signal);
  }

  /** Connects anew with a person who can log in. */
  async login(signIn: SignIn, signal: AbortSignal): Promise<void> {
    await this.#drop();
    this.#failures = 0;
    this.#state = restingState(this.server);
    const refusal = this.#mayConnect();
    if (refusal !== undefined) throw refusal;
    this.#connecting ??= this.#open(signIn, signal).finally(() => {
      this.#connecting = undefined;
    });
    await this.#connecting;
  }

  /** Closes the connection; it is opened again on need. */
  async rest(): Promise<void> {
    clearTimeout(this.#idleTimer);
    await this.#drop();
    if (this.#state.status !== 'disabled') this.#state = restingState(this.server);
  }

  /** Asks for the tools again, after the server said that they have changed. */
  async refreshTools(): Promise<void> {
    await this.#once((client, options) => this.#readTools(client, options), {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#idleTimer);
    const reason = new RpcError('canceled', `MCP server ${this.config.name} is no longer used`);
    this.#stop.abort(reason);
    await this.#connecting?.catch(() => {});
    await this.#drop();
    this.#state = { status: 'disabled', reason: 'it is no longer used' };
  }

  async #once<T>(
    work: (client: Client, options: RequestOptions) => Promise<T>,
    { onProgress, origin, signal }: CallOptions,
  ): Promise<T> {
    const { name, timeoutMs } = this.config;
    if (this.#calls.size >= maxCallsPerServer) {
      const message = `MCP server ${name} has ${maxCallsPerServer} calls under way already`;
      throw new RpcError('resource_exhausted', message, { retryable: true });
    }
    const { client } = await this.connect(signal);
    using deadline = new CallDeadline(`MCP server ${name}`, timeoutMs, signal);
    const call = { deadline, questions: 0, ...(origin === undefined ? {} : { origin }) };
    this.#calls.add(call);
    clearTimeout(this.#idleTimer);
    try {
      const done = await work(client, {
        signal: deadline.signal,
        timeout: noTimeoutMs,
        onprogress: (progress) => {
          deadline.restart();
          onProgress?.(progress);
        },
      });
      this.#failures = 0;
      return done;
    } catch (error) {
      if (deadline.signal.aborted) throw abortError(deadline.signal, name);
      if (this.#isSessionLost(error)) throw new SessionLost();
      throw hubError(error, name);
    } finally {
      this.#calls.delete(call);
      this.#rest();
    }
  }

  /** Of the era with sessions, over HTTP: 404 says that the session is gone (2025-11-25, session management). */
  #isSessionLost(error: unknown): boolean {
    if (this.#state.status !== 'ready' || !this.#state.connection.isLegacy) return false;
    return this.config.transport === 'http' && (error as { status?: unknown }).status === 404;
  }

  /** Why nothing is tried. */
  #mayConnect(): RpcError | undefined {
    const { name } = this.config;
    const state = this.#state;
    switch (state.status) {
      case 'disabled':
      case 'needs-consent':
        return new RpcError('failed_precondition', `MCP server ${name}: ${state.reason}`);
      case 'needs-auth':
        return this.#options.now() < state.retryAt ? state.error : undefined;
      case 'failed':
        return this.#options.now() < state.retryAt ? stillFailed(state.error, name) : undefined;
      default:
        return undefined;
    }
  }

  async #open(signIn?: SignIn, signal?: AbortSignal): Promise<OpenConnection> {
    const { now } = this.#options;
    const startedAt = now();
    this.#state = { status: 'connecting' };
    let connection: OpenConnection | undefined;
    try {
      const ended =
        signal === undefined ? this.#stop.signal : AbortSignal.any([this.#stop.signal, signal]);
      connection = await openConnection(this.#connectionOptions(signIn), ended);
      const { client } = connection;
      await this.#readTools(client, { signal: ended, timeout: this.config.connectTimeoutMs });
      this.#isKnownLegacy = connection.isLegacy;
      this.#about = { ...aboutOf(client), connectMs: now() - startedAt };
      this.#state = { status: 'ready', connection };
      await this.#subscribeAgain(client);
      this.#rest();
      return connection;
    } catch (error) {
      await connection?.close();
      const failure = hubError(error, this.config.name);
      if (!this.#stop.signal.aborted) this.#failed(failure);
      throw failure;
    }
  }

  #connectionOptions(signIn: SignIn | undefined): ConnectionOptions {
    const { onChanged, onUpdated, questions, root, ...rest } = this.#options;
    return {
      ...rest,
      server: this.config,
      isKnownLegacy: this.#isKnownLegacy,
      ...(signIn === undefined ? {} : { signIn }),
      questions: {
        ...questions,
        server: this.config.name,
        ...(root === undefined ? {} : { root }),
        currentCall: () => [...this.#calls].at(-1),
      },
      onChanged,
      onUpdated,
      onLost: (reason) => this.#lost(reason),
    };
  }

  async #readTools(client: Client, options: RequestOptions): Promise<void> {
    const { notes, tools } = await listedTools(client, this.config, options);
    const { name, trust } = this.config;
    const changes = (await this.#options.pins?.compare(name, tools)) ?? new Map();
    this.#changes = trust ? new Map() : changes;
    this.#tools = tools;
    this.#notes = notes;
  }

  /** What was watched before the connection was lost goes on being watched. */
  async #subscribeAgain(client: Client): Promise<void> {
    for (const uri of this.subscriptions.keys()) {
      await watchResource(client, uri).catch(() => {});
    }
  }

  /** One that is lost while it is opened is told there. */
  #lost(reason: string): void {
    if (this.#state.status !== 'ready') return;
    this.#failed(new RpcError('unavailable', `MCP server ${this.config.name}: ${reason}`));
  }

  #failed(error: RpcError): void {
    const now = this.#options.now();
    if (error.code === 'unauthenticated') {
      this.#state = { status: 'needs-auth', error, retryAt: now + loginRetryMs };
      return;
    }
    this.#failures += 1;
    const waitMs = Math.min(maxRetryMs, firstRetryMs * 2 ** (this.#failures - 2));
    const isHopeless = this.#failures >= maxFailures || error.code === 'failed_precondition';
    const retryAt = isHopeless ? Number.POSITIVE_INFINITY : now + (this.#failures > 1 ? waitMs : 0);
    this.#state = { status: 'failed', error, retryAt };
  }

  async #drop(): Promise<void> {
    if (this.#state.status !== 'ready') return;
    const { connection } = this.#state;
    this.#state = restingState(this.server);
    await connection.close();
  }

  #rest(): void {
    clearTimeout(this.#idleTimer);
    const { idleTimeoutMs } = this.#options;
    if (idleTimeoutMs === 0 || this.#calls.size > 0 || this.subscriptions.size > 0) return;
    this.#idleTimer = setTimeout(() => void this.rest(), idleTimeoutMs);
    this.#idleTimer.unref();
  }
}

/** The call was not carried out: its session is gone. */
class SessionLost extends Error {}

function restingState({ config, fault, needsConsent }: HubServer): State {
  if (!config.enabled) return { status: 'disabled', reason: 'it is disabled in the configuration' };
  if (fault !== undefined) return { status: 'disabled', reason: fault };
  if (needsConsent !== undefined) return { status: 'needs-consent', reason: needsConsent };
  return { status: 'idle' };
}

function reasonOf(state: State): string | undefined {
  if (state.status === 'ready') return undefined;
  return 'error' in state ? state.error.message : state.reason;
}

function stillFailed(error: RpcError, name: string): RpcError {
  const message = `${error.message} (it is not tried again at once; zeke mcp test ${name} does)`;
  return new RpcError(error.code, message, { cause: error });
}

function aboutOf(client: Client) {
  const protocolVersion = client.getNegotiatedProtocolVersion();
  const implementation = client.getServerVersion();
  const instructions = client.getInstructions();
  return {
    ...(protocolVersion === undefined ? {} : { protocolVersion }),
    ...(implementation === undefined
      ? {}
      : { implementation: { name: implementation.name, version: implementation.version } }),
    ...(instructions === undefined ? {} : { instructions }),
  };
}

function abortError(signal: AbortSignal, server: string): RpcError {
  if (signal.reason instanceof RpcError) return signal.reason;
  const isLate = (signal.reason as Error | undefined)?.name === 'TimeoutError';
  const code = isLate ? 'deadline_exceeded' : 'canceled';
  return new RpcError(
    code,
    `the call of MCP server ${server} was ${isLate ? 'too slow' : 'canceled'}`,
  );
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const ended = Promise.withResolvers<never>();
  const abort = () => ended.reject(RpcError.from(signal.reason));
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  // Whoever else waits for it gets it all the same.
  work.catch(() => {});
  try {
    return await Promise.race([work, ended.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
