import { GroupGuard, type Logger } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';

import type { Project } from '../project/project.ts';
import { type FoundServer, findServers, specsFor } from './find-server.ts';
import { LanguageServer, type ServerLimits } from './language-server.ts';
import type { LanguageServerSpec } from './language-server-spec.ts';
import { serverEnvironment } from './server-process.ts';

/** Servers that run at a time; the one used longest ago makes room. */
const maxServers = 24;
/** A server that crashed so often within the time is not started again until the daemon is. */
const maxCrashes = 5;
const crashWindowMs = 10 * 60_000;
/** How long a crashed server is left alone: nothing the first time, then doubling from here. */
const firstBackOffMs = 1_000;
const maxBackOffMs = 30_000;

const defaultLimits: ServerLimits & { readonly idleMs: number } = {
  initializeMs: 45_000,
  requestMs: 20_000,
  diagnosticsMs: 10_000,
  quietMs: 400,
  readyMs: 60_000,
  idleMs: 10 * 60_000,
};

export interface LanguageServersOptions {
  readonly specs: readonly LanguageServerSpec[];
  /** The daemon's; servers get what they need of it and no secrets. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  /**
   * Whether a server may be started, asked before each start. Default: only those that run nothing of
   * the project's own.
   */
  readonly mayStart?: (found: FoundServer, project: Project) => boolean | Promise<boolean>;
  /** In milliseconds since the epoch; default `Date.now`. */
  readonly now?: () => number;
  /** Instead of the defaults; `idleMs` is how long a server may be unused before it is stopped. */
  readonly limits?: Partial<ServerLimits & { readonly idleMs: number }>;
}

export interface LanguageServerStatus {
  readonly name: string;
  /** The folder it works in. */
  readonly root: string;
  readonly command: readonly string[];
  readonly state: 'starting' | 'running' | 'crashed' | 'given-up';
  readonly pid?: number;
  readonly openFiles: number;
  /** Within the last ten minutes. */
  readonly crashes: number;
  /** Why it crashed last. */
  readonly reason?: string;
}

type State =
  | { readonly kind: 'starting'; readonly server: Promise<LanguageServer> }
  | { readonly kind: 'running'; readonly server: LanguageServer }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'crashed'; readonly reason: string };

interface Slot {
  readonly found: FoundServer;
  readonly project: Project;
  state: State;
  crashes: number[];
  users: number;
  usedAt: number;
  idle?: NodeJS.Timeout;
}

/**
 * All language servers of a daemon: one for each kind and folder, started when somebody asks and stopped when
 * nobody has for ten minutes. One that crashes is started again by the next question, after a
 * wait that doubles, up to five times in ten minutes. All end with this process, however it ends.
 */
export class LanguageServers implements AsyncDisposable {
  readonly #options: LanguageServersOptions;
  readonly #limits: typeof defaultLimits;
  readonly #now: () => number;
  readonly #guard = new GroupGuard();
  readonly #slots = new Map<string, Slot>();
  readonly #closing = new AbortController();
  /** Servers that are being stopped. */
  readonly #ending = new Set<Promise<void>>();

  constructor(options: LanguageServersOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#now = options.now ?? Date.now;
  }

  /**
   * Does something with the server for a file (absolute, resolved). When it crashes meanwhile, it is
   * done once more with a new one. Throws `not_found` where there is none, saying how to get one,
   * `permission_denied` where it may not be started, and what the server's start throws.
   */
  async use<T>(
    project: Project,
    path: string,
    signal: AbortSignal,
    ask: (server: LanguageServer) => Promise<T>,
  ): Promise<T> {
    try {
      const found = await this.#choose(project, path);
      const first = this.#useOnce(found, project, signal, ask);
      return await first.catch((reason: unknown) => {
        if (!this.#mayAskAgain(found, reason)) throw reason;
        return this.#useOnce(found, project, signal, ask);
      });
    } catch (reason) {
      throw ours(reason, signal);
    }
  }

  /** Does something with every server that runs for a project now. Starts none. */
  async useRunning<T>(
    project: Project,
    signal: AbortSignal,
    ask: (server: LanguageServer) => Promise<T>,
  ): Promise<T[]> {
    const running = [...this.#slots.values()].filter(
      (slot) => slot.state.kind === 'running' && slot.project.root === project.root,
    );
    try {
      return await Promise.all(
        running.map(({ found }) => this.#useOnce(found, project, signal, ask)),
      );
    } catch (reason) {
      throw ours(reason, signal);
    }
  }

  status(): LanguageServerStatus[] {
    return [...this.#slots.values()].flatMap((slot) => {
      const { found, state } = slot;
      if (state.kind === 'stopped') return [];
      const server = state.kind === 'running' ? state.server : undefined;
      const crashes = this.#recentCrashes(slot);
      const isGivenUp = crashes >= maxCrashes && state.kind === 'crashed';
      return {
        name: found.spec.name,
        root: found.root,
        command: found.command,
        state: isGivenUp ? 'given-up' : state.kind,
        ...(server?.pid !== undefined && { pid: server.pid }),
        openFiles: server?.documents.paths.length ?? 0,
        crashes,
        ...(state.kind === 'crashed' && { reason: state.reason }),
      };
    });
  }

  /** Stops all, and waits for their end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new RpcError('unavailable', 'language servers are being stopped'));
    for (const slot of this.#slots.values()) this.#stop(slot);
    await Promise.all(this.#ending);
    await this.#guard[Symbol.asyncDispose]();
  }

  async #choose(project: Project, path: string): Promise<FoundServer> {
    const { specs, environment, mayStart = (found) => !found.runsProjectCode } = this.#options;
    const searchPath = environment.PATH ?? '';
    const all = await findServers(path, { specs, project, searchPath });
    const usable = all.filter((found) => {
      const slot = this.#slots.get(keyOf(found));
      return slot === undefined || this.#recentCrashes(slot) < maxCrashes;
    });
    for (const found of usable.length > 0 ? usable : all) {
      if (await mayStart(found, project)) return found;
    }
    const [refused] = all;
    if (refused === undefined) throw noServer(path, specs);
    throw new RpcError(
      'permission_denied',
      `${refused.spec.name} (${refused.command[0]}) runs programs of this project, which is not trusted yet: trust the project first`,
    );
  }

  #mayAskAgain(found: FoundServer, reason: unknown): boolean {
    const slot = this.#slots.get(keyOf(found));
    const isGone = reason instanceof RpcError && reason.code === 'unavailable';
    return isGone && slot?.state.kind === 'crashed' && this.#waitMs(slot) === 0;
  }

  async #useOnce<T>(
    found: FoundServer,
    project: Project,
    signal: AbortSignal,
    ask: (server: LanguageServer) => Promise<T>,
  ): Promise<T> {
    this.#closing.signal.throwIfAborted();
    const slot = this.#slotFor(found, project);
    slot.users++;
    clearTimeout(slot.idle);
    try {
      return await ask(await this.#serverOf(slot, signal));
    } finally {
      slot.users--;
      slot.usedAt = this.#now();
      if (slot.users === 0) this.#stopWhenIdle(slot);
    }
  }

  #slotFor(found: FoundServer, project: Project): Slot {
    const key = keyOf(found);
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    const state: State = { kind: 'stopped' };
    const slot: Slot = { found, project, state, crashes: [], users: 0, usedAt: this.#now() };
    this.#slots.set(key, slot);
    return slot;
  }

  async #serverOf(slot: Slot, signal: AbortSignal): Promise<LanguageServer> {
    const { state } = slot;
    if (state.kind === 'running') return state.server;
    if (state.kind === 'crashed') this.#refuseWhileBackingOff(slot, state.reason);
    const server = state.kind === 'starting' ? state.server : this.#start(slot);
    return await orAbort(server, signal);
  }

  #refuseWhileBackingOff(slot: Slot, reason: string): void {
    const { name } = slot.found.spec;
    const crashes = this.#recentCrashes(slot);
    if (crashes >= maxCrashes) {
      throw new RpcError(
        'unavailable',
        `${name} crashed ${crashes} times within ${crashWindowMs / 60_000} minutes and is left alone; last: ${reason}`,
      );
    }
    const waitMs = this.#waitMs(slot);
    if (waitMs <= 0) return;
    const message = `${name} crashed (${reason}) and is started again in ${waitMs} ms at the earliest`;
    throw new RpcError('unavailable', message, { retryable: true });
  }

  #start(slot: Slot): Promise<LanguageServer> {
    this.#makeRoom();
    const { found, project } = slot;
    const { name } = found.spec;
    const log = this.#options.log.child({ server: name });
    const server = LanguageServer.start(
      {
        found,
        project,
        environment: serverEnvironment(this.#options.environment),
        guard: this.#guard,
        log,
        limits: this.#limits,
      },
      this.#closing.signal,
    );
    const starting: State = { kind: 'starting', server };
    slot.state = starting;
    void server.then(
      (started) => {
        log.info('a language server was started', { root: found.root, pid: started.pid });
        if (slot.state !== starting) return;
        const running: State = { kind: 'running', server: started };
        slot.state = running;
        void started.ended.then((how) => {
          if (slot.state === running) this.#noteCrash(slot, how);
        });
      },
      (reason: unknown) => {
        if (slot.state === starting) this.#noteCrash(slot, RpcError.from(reason).message);
      },
    );
    return server;
  }

  #noteCrash(slot: Slot, reason: string): void {
    slot.crashes.push(this.#now());
    slot.state = { kind: 'crashed', reason };
    this.#options.log.warn('a language server crashed', { server: slot.found.spec.name, reason });
  }

  #recentCrashes(slot: Slot): number {
    const since = this.#now() - crashWindowMs;
    slot.crashes = slot.crashes.filter((at) => at > since);
    return slot.crashes.length;
  }

  /** How long a crashed server is still left alone. */
  #waitMs(slot: Slot): number {
    const crashes = this.#recentCrashes(slot);
    const last = slot.crashes.at(-1);
    if (last === undefined || crashes < 2) return 0;
    const backOffMs = Math.min(maxBackOffMs, firstBackOffMs * 2 ** (crashes - 2));
    return Math.max(0, last + backOffMs - this.#now());
  }

  #stopWhenIdle(slot: Slot): void {
    clearTimeout(slot.idle);
    slot.idle = setTimeout(() => this.#stop(slot), this.#limits.idleMs);
    slot.idle.unref();
  }

  #makeRoom(): void {
    const running = [...this.#slots.values()].filter(
      ({ state }) => state.kind === 'running' || state.kind === 'starting',
    );
    if (running.length < maxServers) return;
    const [oldest] = running
      .filter(({ users, state }) => users === 0 && state.kind === 'running')
      .sort((left, right) => left.usedAt - right.usedAt);
    if (oldest === undefined) {
      throw new RpcError(
        'resource_exhausted',
        `${maxServers} language servers are at work already: ask again when one is done`,
        { retryable: true },
      );
    }
    this.#stop(oldest);
  }

  #stop(slot: Slot): void {
    clearTimeout(slot.idle);
    const { state, found } = slot;
    if (state.kind !== 'running' && state.kind !== 'starting') return;
    slot.state = { kind: 'stopped' };
    const ending = stopped(state).finally(() => {
      this.#ending.delete(ending);
      this.#options.log.info('a language server was stopped', { server: found.spec.name });
    });
    this.#ending.add(ending);
  }
}

async function stopped(state: State & { kind: 'running' | 'starting' }): Promise<void> {
  const server = await Promise.resolve(state.server).catch(() => undefined);
  await server?.[Symbol.asyncDispose]();
}

function keyOf({ command, root }: FoundServer): string {
  return JSON.stringify([root, ...command]);
}

function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function ours(reason: unknown, signal: AbortSignal): RpcError {
  const isLate = signal.aborted && reason instanceof Error && reason.name === 'TimeoutError';
  if (!isLate) return RpcError.from(reason);
  return new RpcError('deadline_exceeded', 'language servers took too long', { cause: reason });
}

function noServer(path: string, specs: readonly LanguageServerSpec[]): RpcError {
  const fitting = specsFor(path, specs);
  if (fitting.length === 0) {
    return new RpcError(
      'not_found',
      `no language server is known for ${path}: configure one in [assistant.lsp.<name>]`,
    );
  }
  const ways = fitting.flatMap(({ name, install }) =>
    install === undefined ? [name] : [`${name} (${install})`],
  );
  return new RpcError(
    'not_found',
    `no language server for ${path} is installed: ${ways.join(' or ')}`,
  );
}
