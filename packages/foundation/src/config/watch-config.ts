import { statSync, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { type ConfigSources, fileState } from './follow-references.ts';
import {
  configFiles,
  type LoadConfigOptions,
  type LoadConfigResult,
  loadConfig,
} from './load-config.ts';

/** After an event: a file is often written in several steps, in milliseconds. */
const settleMs = 100;

/** A file that was changed less long ago may change again and have the same times, in milliseconds. */
const grainMs = 3_000;

export interface WatchConfigOptions extends LoadConfigOptions {
  /** Of the configuration that is in force: where its references led to. */
  readonly sources?: ConfigSources;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /**
   * Told of what was read after every change of the file's text or of a file behind a reference, and
   * where values have to be asked for, whenever they have been asked for: a configuration, or its
   * faults, in which case the running one should stay in force.
   */
  readonly onChange: (result: LoadConfigResult) => void;
  /** How often to look. Default 1,000. */
  readonly intervalMs?: number;
  /** Looks at events in the configuration's folders, too, so that `intervalMs` may be long. Default false. */
  readonly followsEvents?: boolean;
  /** Milliseconds on a clock that no setting of the time moves; `performance.now` unless given. */
  readonly monotonicMs?: () => number;
  /** From 0 to 1, so that many replicas do not ask at once; `Math.random` unless given. */
  readonly random?: () => number;
}

/** A watch that goes on until its signal aborts. */
export interface ConfigWatch {
  /**
   * Reads again, changed or not, after what is being read; resolves when `onChange` was told. So the
   * last that it is told of is the last that was read.
   */
  read(): Promise<void>;
}

/**
 * Watches the places of `zeke.toml`, so that a file that is made, replaced or removed is seen too,
 * and the values behind its references. Resolves when the watch is set up. It looks once a second, and
 * does without events of the system unless it is told to follow them: the database lies in the same folder,
 * and every write to it is one. A process that rests is not woken by those.
 */
export async function watchConfig(options: WatchConfigOptions): Promise<ConfigWatch> {
  const { signal, intervalMs = 1_000 } = options;
  const { monotonicMs = () => performance.now(), random = Math.random } = options;
  const files = configFiles(options);
  let sources: ConfigSources = options.sources ?? { files: new Map() };
  /** When values have to be asked for again. */
  const due = () =>
    monotonicMs() + (sources.freshMs ?? Number.POSITIVE_INFINITY) * jitter(random());
  let dueAtMs = due();
  const mayDiffer = changeSigns(files);
  let known = await textOf(files);
  const read = async () => {
    known = await textOf(files);
    const result = await loadConfig(options);
    sources = result.sources ?? { ...sources, files: await statesOf(sources) };
    dueAtMs = due();
    if (!signal.aborted) options.onChange(result);
  };
  let turn: Promise<void> | undefined;
  /** One after the other. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const next = (turn ?? Promise.resolve()).then(work, work).finally(() => {
      if (turn === next) turn = undefined;
    });
    turn = next;
    return next;
  };
  const look = async () => {
    const isOld = monotonicMs() >= dueAtMs || (mayDiffer() && (await textOf(files)) !== known);
    if (!signal.aborted && (isOld || (await hasChanged(sources)))) await read();
  };
  if (!signal.aborted) {
    const lookSoon = () => {
      if (turn === undefined) void inTurn(look);
    };
    const timer = setInterval(lookSoon, intervalMs);
    timer.unref();
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
    if (options.followsEvents === true) followEvents(files, lookSoon, signal);
  }
  return { read: () => inTurn(read) };
}

/** Tells of changes to files by name, in folders that are there; whoever relies on it looks by himself, too. */
function followEvents(files: readonly string[], onEvent: () => void, signal: AbortSignal): void {
  const names = new Set(files.map((file) => basename(file)));
  let timer: Timer | undefined;
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  for (const folder of new Set(files.map((file) => dirname(file)))) {
    try {
      const watcher = watch(folder, { persistent: false, signal }, (_, name) => {
        if (name !== null && !names.has(name)) return;
        clearTimeout(timer);
        timer = setTimeout(onEvent, settleMs).unref();
      });
      watcher.on('error', () => watcher.close());
    } catch {
      // There is no such folder, or nothing more can be watched.
    }
  }
}

/** A tenth less to a tenth more. */
function jitter(random: number): number {
  return 0.9 + 0.2 * random;
}

async function hasChanged({ files }: ConfigSources): Promise<boolean> {
  for (const [path, state] of files) {
    if ((await fileState(path)) !== state) return true;
  }
  return false;
}

async function statesOf({ files }: ConfigSources): Promise<ReadonlyMap<string, string>> {
  const states = new Map<string, string>();
  for (const path of files.keys()) states.set(path, await fileState(path));
  return states;
}

/**
 * Tells whether files may be others than when it was asked last. It asks the system in this thread, as
 * SQLite does in the same folder: an idle process would be woken twice more each time by a pool's threads.
 */
function changeSigns(files: readonly string[]): () => boolean {
  let last: string | undefined;
  return () => {
    const found = files.map(signOf);
    const all = found.map(({ sign }) => sign).join('\n');
    const isSame = all === last && found.every(({ isSettled }) => isSettled);
    last = all;
    return !isSame;
  };
}

function signOf(file: string): { readonly sign: string; readonly isSettled: boolean } {
  try {
    const { ctimeMs, ctimeNs, ino, mtimeNs, size } = statSync(file, { bigint: true });
    const isSettled = Date.now() - Number(ctimeMs) > grainMs;
    return { sign: `${ino} ${size} ${mtimeNs} ${ctimeNs}`, isSettled };
  } catch (error) {
    return { sign: String((error as NodeJS.ErrnoException).code), isSettled: true };
  }
}

/** The first file's path and text; undefined when there is none. */
async function textOf(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) return `${file}\n${text}`;
  }
  return undefined;
}
