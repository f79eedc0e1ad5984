import {
  Client,
  type FetchLike,
  type JsonSchemaValidator,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  SSEClientTransport,
  StreamableHTTPClientTransport,
  type Transport,
  type VersionNegotiationOptions,
} from '@modelcontextprotocol/client';
import type {
  GroupGuard,
  McpLocalServerConfig,
  McpRemoteServerConfig,
  McpServerConfig,
  SecretStore,
} from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { boundedFetch } from './bounded-fetch.ts';
import { FloodGate } from './flood-gate.ts';
import { words } from './hub-error.ts';
import { maxListPages, maxLogChars, maxQuestionsPerCall } from './limits.ts';
import { LogTail } from './log-tail.ts';
import { authorizedFetch } from './oauth/authorized-fetch.ts';
import { OauthProvider } from './oauth/oauth-provider.ts';
import type { SignIn } from './oauth/sign-in.ts';
import { programEnvironment } from './program-environment.ts';
import { answerQuestions, type QuestionsOptions, questionCapabilities } from './questions.ts';
import { StdioTransport } from './stdio-transport.ts';
import { WebSocketTransport } from './web-socket-transport.ts';

/** The lists of a server that can change. */
export type ListName = 'tools' | 'prompts' | 'resources';

export interface ConnectionOptions {
  readonly server: McpServerConfig;
  /** What we call ourselves. */
  readonly client: { readonly name: string; readonly version: string };
  /** Of this process: programs are given the little of it that they need. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where programs run whose configuration says no other place. */
  readonly folder: string;
  readonly guard: GroupGuard;
  readonly fetch: FetchLike;
  readonly store: Pick<SecretStore, 'get' | 'set' | 'delete'>;
  readonly signIn?: SignIn;
  readonly questions: QuestionsOptions;
  /** Known to be of the era with sessions: it is not asked again. */
  readonly isKnownLegacy: boolean;
  readonly now: () => number;
  /** Told nothing more once the connection is closed. */
  readonly onChanged: (list: ListName) => void;
  readonly onUpdated: (uri: string) => void;
  /** The connection is gone, and why. Not when it was closed from here. */
  readonly onLost: (reason: string) => void;
}

export interface OpenConnection {
  readonly client: Client;
  readonly isLegacy: boolean;
  /** What it wrote to standard error and to its log. */
  readonly log: LogTail;
  close(): Promise<void>;
}

/** A stdio server that says nothing to the newer era's first question is taken for one of the older. */
const maxProbeMs = 10_000;

/**
 * Connects to a server and agrees on the era of the protocol. What a program writes while it fails is part of
 * the reason. Throws what a transport or the SDK throws, and `deadline_exceeded`.
 */
export async function openConnection(
  options: ConnectionOptions,
  signal: AbortSignal,
): Promise<OpenConnection> {
  const { isKnownLegacy, server } = options;
  const attempt = (how: Attempt) => new Connecting(options, how).open(signal);
  const transport = server.transport;
  try {
    return await attempt({ transport, isLegacy: isKnownLegacy });
  } catch (error) {
    if (signal.aborted || isKnownLegacy || server.protocol === 'stateless') throw error;
    // Some servers of the older era end when they hear a question that they do not know.
    if (transport === 'stdio' && isClosedByProbe(error))
      return attempt({ transport, isLegacy: true });
    // The oldest servers know neither the address nor the way of the newer ones.
    if (transport === 'http' && isUnknownThere(error)) {
      return attempt({ transport: 'sse', isLegacy: true }).catch(() => {
        throw error;
      });
    }
    throw error;
  }
}

interface Attempt {
  readonly transport: McpServerConfig['transport'];
  readonly isLegacy: boolean;
}

function isClosedByProbe(error: unknown): boolean {
  return error instanceof SdkError && error.code === SdkErrorCode.EraNegotiationFailed;
}

function isUnknownThere(error: unknown): boolean {
  return error instanceof SdkHttpError && [400, 404, 405].includes(error.status);
}

class Connecting {
  readonly #options: ConnectionOptions;
  readonly #how: Attempt;
  readonly #log = new LogTail(maxLogChars);
  readonly #gate: FloodGate;
  /** Ends logins that wait for a browser. */
  readonly #ended = new AbortController();
  #transport: Transport | undefined;
  #isOver = false;
  #cutOff: string | undefined;

  constructor(options: ConnectionOptions, how: Attempt) {
    this.#options = options;
    this.#how = how;
    this.#gate = new FloodGate(options.now);
  }

  async open(signal: AbortSignal): Promise<OpenConnection> {
    const { connectTimeoutMs, name, protocol } = this.#options.server;
    const client = this.#client();
    const transport = this.#watched(client, this.#connectTo());
    this.#transport = transport;
    const late = new RpcError(
      'deadline_exceeded',
      `MCP server ${name} was not ready within ${connectTimeoutMs / 1_000} s`,
    );
    const isLegacy = this.#how.isLegacy && protocol !== 'stateless';
    const connecting = client.connect(transport, {
      timeout: connectTimeoutMs,
      ...(isLegacy ? { prior: { kind: 'legacy' as const } } : {}),
    });
    try {
      // A person at a login takes longer than a server.
      const limitMs = this.#options.signIn === undefined ? connectTimeoutMs : undefined;
      await within(connecting, limitMs, late, signal);
    } catch (error) {
      this.#isOver = true;
      connecting.catch(() => {});
      const closing = this.#close(client);
      if (this.#how.transport === 'stdio') await closing;
      throw this.#told(error);
    }
    return {
      client,
      isLegacy: client.getProtocolEra() === 'legacy',
      log: this.#log,
      close: () => this.#close(client),
    };
  }

  #client(): Client {
    const { client: self, onChanged, questions, server } = this.#options;
    const tell = (list: ListName) => ({
      autoRefresh: false,
      onChanged: () => !this.#isOver && onChanged(list),
    });
    const client = new Client(self, {
      capabilities: questionCapabilities(questions),
      versionNegotiation: negotiation(server),
      listMaxPages: maxListPages,
      inputRequired: { maxRounds: maxQuestionsPerCall },
      // Results are checked by the hub: a schema of the server's must not decide what a check costs.
      jsonSchemaValidator: { getValidator: passing },
      listChanged: { tools: tell('tools'), prompts: tell('prompts'), resources: tell('resources') },
    });
    answerQuestions(client, questions);
    client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
      if (!this.#isOver) this.#options.onUpdated(params.uri);
    });
    client.setNotificationHandler('notifications/message', ({ params }) => {
      const text = typeof params.data === 'string' ? params.data : JSON.stringify(params.data);
      this.#log.push(`${params.level}: ${text?.slice(0, maxLogChars) ?? ''}\n`);
    });
    return client;
  }

  #connectTo(): Transport {
    const { server } = this.#options;
    if (server.transport === 'stdio') return this.#program(server);
    return this.#remote(server);
  }

  #program({ args, command, cwd, env }: McpLocalServerConfig): Transport {
    const { environment, folder, guard } = this.#options;
    const given = Object.entries(env).map(([name, value]) => [name, value.reveal()]);
    return new StdioTransport({
      command,
      args,
      environment: programEnvironment(environment, Object.fromEntries(given)),
      cwd: cwd ?? folder,
      guard,
      onLog: (text) => this.#log.push(text),
    });
  }

  #remote(server: McpRemoteServerConfig): Transport {
    const { headers, name, oauth, url } = server;
    const { signIn, store } = this.#options;
    const who = { server: name, url, oauth, store, ...(signIn === undefined ? {} : { signIn }) };
    const provider = new OauthProvider(who);
    if (this.#how.transport === 'websocket') {
      return new WebSocketTransport({ url, headers: () => webSocketHeaders(server, provider) });
    }
    const fetch = authorizedFetch({
      server: name,
      fetch: boundedFetch(this.#options.fetch),
      url,
      headers,
      provider,
      ...(oauth.scopes === undefined ? {} : { scopes: oauth.scopes }),
      ...(signIn === undefined ? {} : { signIn }),
      signal: this.#ended.signal,
    });
    return this.#how.transport === 'sse'
      ? new SSEClientTransport(new URL(url), { fetch })
      : new StreamableHTTPClientTransport(new URL(url), { fetch });
  }

  /** Counts what comes, and tells when the connection is gone. */
  #watched(client: Client, transport: Transport): Transport {
    const counted = new WeakSet<Error>();
    const onBroken = (error: Error) => {
      if (counted.has(error)) return;
      counted.add(error);
      this.#cut(client, this.#gate.broken());
    };
    transport.onmessage = () => this.#cut(client, this.#gate.message());
    transport.onerror = onBroken;
    client.onerror = onBroken;
    client.onclose = () => {
      if (this.#isOver) return;
      this.#isOver = true;
      this.#ended.abort();
      this.#options.onLost(this.#reason('it closed the connection'));
    };
    return transport;
  }

  #cut(client: Client, reason: string | undefined): void {
    if (reason === undefined || this.#cutOff !== undefined) return;
    this.#cutOff = reason;
    if (this.#transport instanceof StdioTransport) this.#transport.kill();
    void client.close().catch(() => {});
    void this.#transport?.close().catch(() => {});
  }

  async #close(client: Client): Promise<void> {
    this.#isOver = true;
    this.#ended.abort();
    if (this.#transport instanceof StreamableHTTPClientTransport) {
      await this.#transport.terminateSession().catch(() => {});
    }
    await client.close().catch(() => {});
    await this.#transport?.close().catch(() => {});
  }

  /** An error of a program that has ended says how, and what it wrote last. */
  #told(error: unknown): unknown {
    if (this.#cutOff === undefined && !(this.#transport instanceof StdioTransport)) return error;
    const { ending } = this.#transport as Partial<StdioTransport>;
    if (this.#cutOff === undefined && ending === undefined) return error;
    // What the SDK makes of it decides whether another era is tried.
    if (isClosedByProbe(error) && !this.#how.isLegacy) return error;
    const message = `MCP server ${this.#options.server.name}: ${this.#reason('it ended')}`;
    return new RpcError('unavailable', message, { cause: error });
  }

  #reason(otherwise: string): string {
    if (this.#cutOff !== undefined) return this.#cutOff;
    if (!(this.#transport instanceof StdioTransport)) return otherwise;
    const last = words(this.#log.lastLine(maxReasonChars));
    const how = this.#transport.ending === undefined ? '' : ` with ${this.#transport.ending}`;
    return `the program ended${how}${last === '' ? '' : `: ${last}`}`;
  }
}

const maxReasonChars = 300;

function negotiation({ connectTimeoutMs, protocol, transport }: McpServerConfig) {
  const timeoutMs =
    transport === 'stdio' ? Math.min(maxProbeMs, connectTimeoutMs / 2) : connectTimeoutMs;
  const modes = { auto: 'auto', sessions: 'legacy', stateless: { pin: '2026-07-28' } } as const;
  return { mode: modes[protocol], probe: { timeoutMs } } satisfies VersionNegotiationOptions;
}

/** A WebSocket cannot be asked again with a token: it is sent the one that is there. */
async function webSocketHeaders(
  { headers }: McpRemoteServerConfig,
  provider: OauthProvider,
): Promise<Record<string, string>> {
  const sent = Object.entries(headers).map(([name, value]) => [name, value.reveal()]);
  const token = (await provider.tokens())?.access_token;
  if (token !== undefined) sent.push(['authorization', `Bearer ${token}`]);
  return Object.fromEntries(sent);
}

function passing<T>(): JsonSchemaValidator<T> {
  return (data) => ({ valid: true, data: data as T, errorMessage: undefined });
}

async function within(
  work: Promise<void>,
  limitMs: number | undefined,
  late: RpcError,
  signal: AbortSignal,
): Promise<void> {
  const ended = Promise.withResolvers<never>();
  const timer = limitMs === undefined ? undefined : setTimeout(() => ended.reject(late), limitMs);
  const abort = () => ended.reject(signal.reason);
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  try {
    await Promise.race([work, ended.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}
