import { pathToFileURL } from 'node:url';
import type { GroupGuard, Logger } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type {
  InitializeParams,
  InitializeResult,
  PositionEncodingKind,
  ServerCapabilities,
} from 'vscode-languageserver-protocol';
import type { z } from 'zod';

import type { Project } from '../project/project.ts';
import { isWithin } from '../project/resolve-path.ts';
import { initializeSchema } from './answers.ts';
import { Connection } from './connection.ts';
import { Documents, type OpenDocument } from './documents.ts';
import type { FoundServer } from './find-server.ts';
import { extensionOf } from './language-server-spec.ts';
import { DiagnosticsStore } from './published-diagnostics.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';
import { ServerWork } from './server-work.ts';
import { WatchedFiles } from './watched-files.ts';

/** Times in milliseconds. */
export interface ServerLimits {
  /** From its start to the answer to `initialize`. */
  readonly initializeMs: number;
  /** For one answer. */
  readonly requestMs: number;
  /** For diagnostics to settle. */
  readonly diagnosticsMs: number;
  /** How long a server is silent before what it published counts as settled. */
  readonly quietMs: number;
  /** For a server that says when it has read the project to have done so, before each question. */
  readonly readyMs: number;
}

export interface LanguageServerOptions {
  readonly found: FoundServer;
  readonly project: Project;
  readonly environment: Readonly<Record<string, string>>;
  readonly guard: GroupGuard;
  readonly log: Logger;
  readonly limits: ServerLimits;
}

const maxAttempts = 3;
const pullMethod = 'textDocument/diagnostic';
/** How long a server may take to begin to check what was saved. */
const checkBeginMs = 3_000;
/** How long a server may take to answer `shutdown`. */
const shutdownMs = 1_000;

/** A server that runs, with the files it was shown. */
export class LanguageServer implements AsyncDisposable {
  readonly name: string;
  readonly root: string;
  readonly capabilities: ServerCapabilities;
  /** In what it counts columns. */
  readonly encoding: PositionEncodingKind;
  readonly documents: Documents;
  readonly diagnostics: DiagnosticsStore;
  readonly limits: ServerLimits;
  readonly asksTsserver: boolean;
  /** How it ended, in words. */
  readonly ended: Promise<string>;
  readonly #process: ServerProcess;
  readonly #connection: Connection;
  readonly #watched: WatchedFiles;
  readonly #work: ServerWork;
  readonly #extensions: readonly string[];
  readonly #checksInWork: string | undefined;
  /** The server was told of texts that it has not checked since. */
  #isUnchecked = false;
  /** How often it had begun to check when it was told of the last change. */
  #checksBefore = 0;
  #updating: Promise<unknown> = Promise.resolve();

  /**
   * Starts and initializes one. Throws `unavailable` where it cannot be started or ends,
   * `deadline_exceeded` where it takes too long, and `canceled`; nothing of it is left then.
   */
  static async start(options: LanguageServerOptions, signal: AbortSignal): Promise<LanguageServer> {
    const { found, environment, guard, log, project, limits } = options;
    const diagnostics = new DiagnosticsStore();
    const work = new ServerWork(found.spec.saysWhenReady !== true);
    const watched = new WatchedFiles(found.root, found.spec.extensions);
    const { command, root: cwd } = found;
    const process = startServerProcess({ command, cwd, environment, guard, log });
    try {
      const connection = await Connection.open({
        name: found.spec.name,
        process,
        log,
        folder: { uri: pathToFileURL(cwd).href, name: project.name },
        onDiagnostics: (params) => diagnostics.publish(params),
        onProgress: (token, isOver) => {
          diagnostics.progress(token, isOver);
          work.progress(token, isOver);
        },
        onReady: (isReady) => work.ready(isReady),
        onRegistration: (method, isThere) => {
          if (method === pullMethod) diagnostics.isPulled = isThere;
        },
      });
      const parameters = initializeParameters(found, project);
      const answer = await connection.request(
        'initialize',
        parameters,
        signal,
        limits.initializeMs,
      );
      const { capabilities } = initializeSchema.parse(answer) as InitializeResult;
      await watched.changes(signal);
      connection.notify('initialized', {});
      const parts = { process, connection, diagnostics, watched, work };
      return new LanguageServer(options, parts, capabilities);
    } catch (reason) {
      process.kill();
      await process.ended;
      throw reason;
    }
  }

  private constructor(
    options: LanguageServerOptions,
    parts: ServerParts,
    capabilities: ServerCapabilities,
  ) {
    const { found, limits } = options;
    const { connection, diagnostics, process, watched, work } = parts;
    this.name = found.spec.name;
    this.root = found.root;
    this.limits = limits;
    this.asksTsserver = found.spec.asksTsserver === true;
    this.capabilities = capabilities;
    this.encoding = capabilities.positionEncoding ?? 'utf-16';
    this.ended = process.ended;
    this.diagnostics = diagnostics;
    if (this.capabilities.diagnosticProvider !== undefined) diagnostics.isPulled = true;
    this.#process = process;
    this.#connection = connection;
    this.#watched = watched;
    this.#work = work;
    this.#extensions = found.spec.extensions;
    this.#checksInWork = found.spec.checksInWork;
    this.documents = new Documents(
      connection,
      (path, version) => {
        diagnostics.expect(path, version);
        this.#isUnchecked = true;
        // What is opened was checked with all else at the start.
        if (version > 1) this.#checksBefore = work.begun(this.#checksInWork ?? '');
      },
      (path) => diagnostics.forget(path),
    );
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Whether it is for files with this name. */
  takes(path: string): boolean {
    return this.#extensions.includes(extensionOf(path)) && isWithin(this.root, path);
  }

  /**
   * Shows the server the project as it is on the disk now: open files, what changed beside them, and the
   * files that are asked about, which are returned in their order. With `texts`, what an editor has
   * instead of the disk, by path, only these files are looked at. Resolves with whether anything changed.
   * Throws `deadline_exceeded` where the server has not read the project yet.
   */
  async update(
    paths: readonly string[],
    signal: AbortSignal,
    texts: ReadonlyMap<string, string> = new Map(),
  ): Promise<{ documents: OpenDocument[]; hasChanged: boolean }> {
    const before = this.#updating;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#updating = promise;
    try {
      await before;
      // Somebody types and cannot wait: the disk is looked at before the next other question.
      const changes = texts.size > 0 ? [] : await this.#watched.changes(signal);
      if (changes.length > 0) {
        this.#connection.notify('workspace/didChangeWatchedFiles', { changes: [...changes] });
      }
      if (texts.size === 0) await this.documents.refresh();
      const documents: OpenDocument[] = [];
      for (const path of paths) documents.push(await this.documents.open(path, texts.get(path)));
      if (texts.size === 0) await this.#untilReady(signal);
      return { documents, hasChanged: changes.length > 0 };
    } finally {
      resolve();
    }
  }

  /** Whether it checks with another program what was saved, beside what it is asked. */
  get checksOnSave(): boolean {
    return this.#checksInWork !== undefined;
  }

  /** Waits for what it checks with another program; false where that is not done in time. */
  async untilChecked(signal: AbortSignal): Promise<boolean> {
    const token = this.#checksInWork;
    if (token === undefined || !this.#isUnchecked) return true;
    const limits = { beginMs: checkBeginMs, limitMs: this.limits.diagnosticsMs };
    const isDone = await this.#work.untilDone(token, this.#checksBefore, limits, signal);
    if (isDone) this.#isUnchecked = false;
    return isDone;
  }

  async #untilReady(signal: AbortSignal): Promise<void> {
    if (await this.#work.untilReady(this.limits.readyMs, signal)) return;
    const message = `${this.name} is still reading the project: ask again in a while`;
    throw new RpcError('deadline_exceeded', message, { retryable: true });
  }

  /**
   * Asks within the limit of time; see `Connection.request`. A question that the server dropped because a
   * file changed is asked again, up to three times in all. Throws `failed_precondition` for an answer
   * that is not of the protocol.
   */
  async request<Schema extends z.ZodType>(
    method: string,
    params: unknown,
    schema: Schema,
    signal: AbortSignal,
  ): Promise<z.output<Schema>> {
    for (let attempt = 1; ; attempt++) {
      try {
        const { requestMs } = this.limits;
        const answer = await this.#connection.request(method, params, signal, requestMs);
        return this.#checked(method, answer, schema);
      } catch (reason) {
        const isDropped = reason instanceof RpcError && reason.code === 'aborted';
        if (!isDropped || attempt >= maxAttempts) throw reason;
      }
    }
  }

  #checked<Schema extends z.ZodType>(
    method: string,
    answer: unknown,
    schema: Schema,
  ): z.output<Schema> {
    const { data, error } = schema.safeParse(answer ?? null);
    if (error === undefined) return data;
    const message = `${this.name} answers ${method} with what the protocol does not have`;
    throw new RpcError('failed_precondition', message, { cause: error });
  }

  /** Shuts it down as the protocol says, and with signals where it does not listen. */
  async [Symbol.asyncDispose](): Promise<void> {
    const signal = AbortSignal.timeout(shutdownMs);
    await this.#connection.request('shutdown', undefined, signal, shutdownMs).catch(() => {});
    this.#connection.notify('exit', undefined);
    await this.#process.end();
  }
}

interface ServerParts {
  readonly process: ServerProcess;
  readonly connection: Connection;
  readonly diagnostics: DiagnosticsStore;
  readonly watched: WatchedFiles;
  readonly work: ServerWork;
}

function initializeParameters(found: FoundServer, project: Project): InitializeParams {
  const uri = pathToFileURL(found.root).href;
  return {
    processId: process.pid,
    clientInfo: { name: 'zeke' },
    rootPath: found.root,
    rootUri: uri,
    workspaceFolders: [{ uri, name: project.name }],
    initializationOptions: found.spec.initializationOptions,
    capabilities: {
      general: { positionEncodings: ['utf-16', 'utf-8', 'utf-32'] },
      window: { workDoneProgress: true },
      // Of rust-analyzer, which says by it when it has read the project.
      experimental: { serverStatusNotification: true },
      workspace: {
        configuration: true,
        workspaceFolders: true,
        didChangeWatchedFiles: { dynamicRegistration: true },
        symbol: {},
        // No resource operations: a rename changes text and moves nothing.
        workspaceEdit: { documentChanges: true, failureHandling: 'abort' },
      },
      textDocument: {
        synchronization: { didSave: true },
        publishDiagnostics: { versionSupport: true },
        diagnostic: { dynamicRegistration: true },
        definition: { linkSupport: true },
        references: {},
        documentSymbol: { hierarchicalDocumentSymbolSupport: true },
        hover: { contentFormat: ['markdown', 'plaintext'] },
        rename: { prepareSupport: true },
      },
    },
  };
}

/** What a server cannot do is said before it is asked. */
export function requireCapability(
  server: LanguageServer,
  capability: keyof ServerCapabilities,
  what: string,
): void {
  if (server.capabilities[capability]) return;
  throw new RpcError('unimplemented', `${server.name} cannot tell ${what}`);
}
