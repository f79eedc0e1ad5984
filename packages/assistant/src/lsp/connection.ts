import type { Logger } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type {
  CancellationTokenSource,
  Message,
  ProtocolConnection,
} from 'vscode-languageserver-protocol';
import { FrameParser } from './frame-parser.ts';
import type { ServerProcess } from './server-process.ts';

/** Requests that may wait for one server's answers. */
const maxRequestsInFlight = 64;
/** After so many requests in a row without a word from the server it counts as hung, and is killed. */
const maxSilentRequests = 2;
/** Registrations of one server that are kept; of more it is not heard. */
const maxRegistrations = 1_000;

export interface ConnectionOptions {
  /** For messages: `gopls`. */
  readonly name: string;
  readonly process: ServerProcess;
  readonly log: Logger;
  /** What `workspace/workspaceFolders` is answered. */
  readonly folder: { readonly uri: string; readonly name: string };
  readonly onDiagnostics: (params: PublishedDiagnostics) => void;
  /** A long work of the server's began or ended. */
  readonly onProgress: (token: string | number, isOver: boolean) => void;
  /** It has read the project, or has to read it again. */
  readonly onReady: (isReady: boolean) => void;
  /** The server can, or can no longer, do what this method asks. */
  readonly onRegistration: (method: string, isThere: boolean) => void;
}

/** Of `textDocument/publishDiagnostics`, before it is checked. */
export interface PublishedDiagnostics {
  readonly uri?: unknown;
  readonly version?: unknown;
  readonly diagnostics?: unknown;
}

/** Requests to one server, with limits of time, canceling, and errors of ours. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #connection: ProtocolConnection;
  readonly #newSource: () => CancellationTokenSource;
  readonly #ended = new AbortController();
  #inFlight = 0;
  /** Counts what came, so that silence is seen. */
  #received = 0;
  #silentRequests = 0;

  /** The library of the protocol is loaded here and not before: it takes 20 MB. */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const library = await import('vscode-languageserver-protocol/node');
    return new Connection(options, library);
  }

  private constructor(
    options: ConnectionOptions,
    library: typeof import('vscode-languageserver-protocol/node'),
  ) {
    const { process, name } = options;
    this.#options = options;
    this.#newSource = () => new library.CancellationTokenSource();
    this.#connection = library.createProtocolConnection(
      this.#reader(library),
      writer(library, process),
      quiet,
    );
    answerRequests(this.#connection, options);
    this.#connection.onError(() => {});
    this.#connection.listen();
    void process.ended.then((how) => {
      this.#ended.abort(new RpcError('unavailable', `${name} ${how}`, { retryable: true }));
      this.#connection.dispose();
    });
  }

  /**
   * Asks. Throws `deadline_exceeded` after `limitMs` and `canceled` when the signal is aborted, either
   * after the server was told; `unavailable` where it ends, `unimplemented` where it cannot, and
   * `failed_precondition` with its words where it refuses.
   */
  async request(
    method: string,
    params: unknown,
    signal: AbortSignal,
    limitMs: number,
  ): Promise<unknown> {
    const { name } = this.#options;
    signal.throwIfAborted();
    this.#ended.signal.throwIfAborted();
    if (this.#inFlight >= maxRequestsInFlight) {
      throw new RpcError('resource_exhausted', `${name} has ${maxRequestsInFlight} requests open`);
    }
    const late = AbortSignal.timeout(limitMs);
    const any = AbortSignal.any([signal, late, this.#ended.signal]);
    const source = this.#newSource();
    const left = Promise.withResolvers<never>();
    const leave = () => left.reject(any.reason);
    any.addEventListener('abort', leave, { once: true });
    const received = this.#received;
    this.#inFlight++;
    try {
      const answer = this.#connection.sendRequest<unknown>(method, params, source.token);
      return await Promise.race([answer, left.promise]);
    } catch (reason) {
      if (this.#ended.signal.aborted) throw this.#ended.signal.reason;
      if (any.aborted) source.cancel();
      if (signal.aborted) throw signal.reason;
      if (!late.aborted) throw refusal(name, method, reason);
      this.#noteSilence(received);
      throw new RpcError(
        'deadline_exceeded',
        `${name} did not answer ${method} within ${limitMs} ms: ask again, or about less`,
        { cause: reason },
      );
    } finally {
      this.#inFlight--;
      // The server's end is one of its sources: with a listener it would be kept until then.
      any.removeEventListener('abort', leave);
      source.dispose();
    }
  }

  /** Tells; nothing is heard of it. */
  notify(method: string, params: unknown): void {
    if (this.#ended.signal.aborted) return;
    this.#connection.sendNotification(method, params).catch(() => {});
  }

  #noteSilence(receivedBefore: number): void {
    this.#silentRequests = this.#received === receivedBefore ? this.#silentRequests + 1 : 0;
    if (this.#silentRequests < maxSilentRequests) return;
    this.#options.log.warn('a language server hangs and is killed');
    this.#options.process.kill();
  }

  #reader(library: typeof import('vscode-languageserver-protocol/node')) {
    const { process, log } = this.#options;
    const error = new library.Emitter<Error>();
    const close = new library.Emitter<void>();
    const partial = new library.Emitter<{ messageToken: number; waitingTime: number }>();
    return {
      onError: error.event,
      onClose: close.event,
      onPartialMessage: partial.event,
      listen: (callback: (message: Message) => void) => {
        const parser = new FrameParser((message) => {
          this.#received++;
          callback(message as Message);
        });
        process.onOutput = (chunk) => {
          const fault = parser.push(chunk);
          if (fault === undefined) return;
          log.warn('a language server is killed for what it writes', { fault });
          process.onOutput = () => {};
          process.kill();
        };
        return { dispose: () => {} };
      },
      dispose: () => {
        process.onOutput = () => {};
      },
    };
  }
}

const quiet = { error: () => {}, warn: () => {}, info: () => {}, log: () => {} };

function writer(
  library: typeof import('vscode-languageserver-protocol/node'),
  process: ServerProcess,
) {
  const error = new library.Emitter<[Error, Message | undefined, number | undefined]>();
  const close = new library.Emitter<void>();
  return {
    onError: error.event,
    onClose: close.event,
    write: (message: Message) => {
      const body = Buffer.from(JSON.stringify(message));
      const header = Buffer.from(`Content-Length: ${body.length}\r\n\r\n`);
      process.write(Buffer.concat([header, body]));
      return Promise.resolve();
    },
    end: () => {},
    dispose: () => {},
  };
}

/** What servers ask of editors: settings there are none of, and nothing is changed at their word. */
function answerRequests(connection: ProtocolConnection, options: ConnectionOptions): void {
  const { log, onDiagnostics, onProgress, folder } = options;
  connection.onRequest('workspace/configuration', (params?: { items?: unknown }) =>
    Array.isArray(params?.items) ? params.items.map(() => null) : [],
  );
  connection.onRequest('workspace/workspaceFolders', () => [folder]);
  connection.onRequest('workspace/applyEdit', () => ({ applied: false }));
  answerRegistrations(connection, options);
  for (const method of acknowledged) connection.onRequest(method, () => null);
  connection.onNotification('textDocument/publishDiagnostics', onDiagnostics);
  connection.onNotification('$/progress', (params?: { token?: unknown; value?: unknown }) => {
    const { token } = params ?? {};
    const kind = (params?.value as { kind?: unknown } | null | undefined)?.kind;
    if (typeof token !== 'string' && typeof token !== 'number') return;
    if (kind === 'begin' || kind === 'end') onProgress(token, kind === 'end');
  });
  answerReadiness(connection, options);
  connection.onNotification('window/logMessage', (params?: { message?: unknown }) => {
    log.trace('a language server says', { text: String(params?.message).slice(0, 2_000) });
  });
}

/** Sources: rust-analyzer, `docs/book/src/contributing/lsp-extensions.md`; jdtls, `ServiceStatus`. */
function answerReadiness(connection: ProtocolConnection, { onReady }: ConnectionOptions): void {
  connection.onNotification('experimental/serverStatus', (params?: { quiescent?: unknown }) => {
    if (typeof params?.quiescent === 'boolean') onReady(params.quiescent);
  });
  connection.onNotification('language/status', (params?: { type?: unknown }) => {
    if (params?.type === 'ServiceReady') onReady(true);
  });
}

const acknowledged = [
  'window/showMessageRequest',
  'window/workDoneProgress/create',
  'workspace/diagnostic/refresh',
  'workspace/semanticTokens/refresh',
  'workspace/inlayHint/refresh',
  'workspace/codeLens/refresh',
];

/** A method is there while it has a registration: some servers make a new one and then take the old back. */
function answerRegistrations(connection: ProtocolConnection, options: ConnectionOptions): void {
  const methods = new Map<string, string>();
  const note = (given: unknown, change: (id: string, method: string) => void) => {
    for (const each of Array.isArray(given) ? given : []) {
      const { id, method } = (each ?? {}) as { id?: unknown; method?: unknown };
      if (typeof id !== 'string' || typeof method !== 'string') continue;
      change(id, method);
      options.onRegistration(method, [...methods.values()].includes(method));
    }
    return null;
  };
  connection.onRequest('client/registerCapability', (params?: { registrations?: unknown }) =>
    note(params?.registrations, (id, method) => {
      if (methods.size < maxRegistrations) methods.set(id, method);
    }),
  );
  // The specification has it misspelled.
  connection.onRequest('client/unregisterCapability', (params?: { unregisterations?: unknown }) =>
    note(params?.unregisterations, (id) => methods.delete(id)),
  );
}

/** Source: the error codes of the specification. */
const methodNotFound = -32601;
const contentModified = -32801;
const serverCancelled = -32802;

function refusal(name: string, method: string, reason: unknown): RpcError {
  const { code, message } = reason as { code?: unknown; message?: unknown };
  const words = `${name} cannot answer ${method}: ${String(message).slice(0, 1_000)}`;
  if (code === methodNotFound) return new RpcError('unimplemented', words, { cause: reason });
  const isPassing = code === contentModified || code === serverCancelled;
  return new RpcError(isPassing ? 'aborted' : 'failed_precondition', words, {
    cause: reason,
    retryable: isPassing,
  });
}
