import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A server that runs on a `$ZEKE_HOME`, as it noted it there for the commands of the same user. */
export interface RunningServer {
  readonly pid: number;
  /** Where it answers on this machine, without a slash at its end. */
  readonly url: string;
  /** The `zeke.toml` it was started with, absolute; null without one. */
  readonly configFile: string | null;
  /** Milliseconds since the epoch. */
  readonly startedAtMs?: number;
  readonly version?: string;
}

/** Notes a server that is ready. The last one that starts on a `$ZEKE_HOME` is the one that is found. */
export async function noteRunning(home: string, server: RunningServer): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const draft = `${pathIn(home)}.${server.pid}`;
  await writeFile(draft, `${JSON.stringify(server)}\n`, { mode: 0o600 });
  await rename(draft, pathIn(home));
}

/** Takes the note of this process back; that of another stays. */
export async function forgetRunning(home: string, pid: number): Promise<void> {
  if ((await readNote(home))?.pid === pid) await rm(pathIn(home), { force: true });
}

/**
 * The server that was noted and whose process is there still. Whether it answers, the caller finds
 * out: another program may have its number by now.
 */
export async function findRunning(home: string): Promise<RunningServer | undefined> {
  const server = await readNote(home);
  return server !== undefined && isAlive(server.pid) ? server : undefined;
}

async function readNote(home: string): Promise<RunningServer | undefined> {
  try {
    const note = JSON.parse(await readFile(pathIn(home), 'utf8'));
    return isNote(note) ? note : undefined;
  } catch {
    return undefined;
  }
}

function isNote(value: unknown): value is RunningServer {
  const { pid, url, configFile } = (value ?? {}) as Partial<RunningServer>;
  const isProcess = Number.isSafeInteger(pid) && Number(pid) > 0;
  const isFile = configFile === null || typeof configFile === 'string';
  return isProcess && isFile && /^https?:$/.test(URL.parse(String(url))?.protocol ?? '');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function pathIn(home: string): string {
  return join(home, 'running.json');
}
