import { fileURLToPath } from 'node:url';
import type { Diagnostic } from 'vscode-languageserver-protocol';
import type { PublishedDiagnostics } from './connection.ts';

/** Files of which a server's diagnostics are kept; the ones told longest ago go first. */
const maxFiles = 5_000;
/** Diagnostics that are kept of one file. */
const maxPerFile = 1_000;

/**
 * What a server published, by file, and whether it is about what the file is now: servers tell by
 * themselves, some time after a change, and some more than once.
 */
export class DiagnosticsStore {
  #isPulled = false;
  readonly #files = new Map<string, readonly Diagnostic[]>();
  /** Changed files that the server has not spoken about since, with their versions. */
  readonly #expected = new Map<string, number>();
  readonly #busy = new Set<string | number>();
  readonly #waiters = new Set<() => void>();

  /** The server answers for a file when it is asked, and that is whole: nothing is waited for. */
  get isPulled(): boolean {
    return this.#isPulled;
  }

  set isPulled(isPulled: boolean) {
    this.#isPulled = isPulled;
    this.#wake();
  }

  /** A file is another now. */
  expect(path: string, version: number): void {
    this.#expected.set(path, version);
  }

  forget(path: string): void {
    this.#expected.delete(path);
    this.#files.delete(path);
    this.#wake();
  }

  publish({ uri, version, diagnostics }: PublishedDiagnostics): void {
    const path = pathOf(uri);
    if (path === undefined || !Array.isArray(diagnostics)) return;
    this.#files.delete(path);
    this.#files.set(path, checkedDiagnostics(diagnostics));
    if (this.#files.size > maxFiles) {
      const [oldest] = this.#files.keys();
      if (oldest !== undefined) this.#files.delete(oldest);
    }
    const expected = this.#expected.get(path);
    if (expected !== undefined && (typeof version !== 'number' || version >= expected)) {
      this.#expected.delete(path);
    }
    this.#wake();
  }

  progress(token: string | number, isOver: boolean): void {
    if (isOver) this.#busy.delete(token);
    else this.#busy.add(token);
    this.#wake();
  }

  of(path: string): readonly Diagnostic[] {
    return this.#files.get(path) ?? [];
  }

  /** Files that have some. */
  get paths(): readonly string[] {
    return [...this.#files].flatMap(([path, diagnostics]) =>
      diagnostics.length > 0 ? [path] : [],
    );
  }

  /**
   * Resolves when the server has spoken about all changed files, has no long work open and was silent for
   * `quietMs`; or after `limitMs`, then with the files it still owes. Where nothing is owed it resolves at
   * once.
   */
  settled(limits: { quietMs: number; limitMs: number }, signal: AbortSignal): Promise<string[]> {
    return new Promise((resolve, reject) => {
      let quiet: NodeJS.Timeout | undefined;
      const end = (owed: string[]) => {
        stop();
        resolve(owed);
      };
      const onAbort = () => {
        stop();
        reject(signal.reason);
      };
      const look = () => {
        clearTimeout(quiet);
        if (this.#isPulled) return end([]);
        const isOwed = this.#expected.size > 0 || this.#busy.size > 0;
        quiet = isOwed ? undefined : setTimeout(() => end([]), limits.quietMs);
      };
      const limit = setTimeout(() => end([...this.#expected.keys()]), limits.limitMs);
      const stop = () => {
        clearTimeout(limit);
        clearTimeout(quiet);
        this.#waiters.delete(look);
        signal.removeEventListener('abort', onAbort);
      };
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(look);
      if (this.#expected.size === 0 && this.#busy.size === 0) end([]);
    });
  }

  #wake(): void {
    for (const waiter of this.#waiters) waiter();
  }
}

/** The file that a URI names, however the server escapes it; undefined for what is no file. */
export function pathOf(uri: unknown): string | undefined {
  if (typeof uri !== 'string' || !uri.startsWith('file:')) return undefined;
  try {
    return fileURLToPath(uri);
  } catch {
    return undefined;
  }
}

/** Of what a server sent, what is a diagnostic: up to 1000. */
export function checkedDiagnostics(values: readonly unknown[]): Diagnostic[] {
  return values.filter(isDiagnostic).slice(0, maxPerFile);
}

function isDiagnostic(value: unknown): value is Diagnostic {
  const { range, message } = (value ?? {}) as { range?: unknown; message?: unknown };
  return typeof message === 'string' && isRange(range);
}

function isRange(value: unknown): boolean {
  const { start, end } = (value ?? {}) as { start?: unknown; end?: unknown };
  return isPosition(start) && isPosition(end);
}

function isPosition(value: unknown): boolean {
  const { line, character } = (value ?? {}) as { line?: unknown; character?: unknown };
  return Number.isSafeInteger(line) && Number.isSafeInteger(character);
}
