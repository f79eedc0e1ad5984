import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** One process, told from later ones that are given its number. */
export interface ProcessIdentity {
  /** The machine, since it was started; another in each container. */
  readonly host: string;
  readonly pid: number;
  /** When it began, in the system's own words. */
  readonly started: string;
}

/** Of this process. */
export function ownIdentity(): ProcessIdentity {
  return { host: hostIdentity(), pid: process.pid, started: startOf(process.pid) ?? '' };
}

/** False when that process surely has ended; undefined for one on another machine, of which nothing is known. */
export function isAlive(identity: ProcessIdentity): boolean | undefined {
  if (identity.host !== hostIdentity()) return undefined;
  return startOf(identity.pid) === identity.started;
}

function hostIdentity(): string {
  return `${hostname()} ${readOrEmpty('/proc/sys/kernel/random/boot_id').trim()}`.trim();
}

/** Undefined when there is no such process, or it has ended and nobody has asked how. */
function startOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return startByPs(pid);
  // proc(5): the name in parentheses may hold anything; after it the state is the first field, the start the 20th.
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

function startByPs(pid: number): string | undefined {
  const { stdout } = Bun.spawnSync(['/bin/ps', '-o', 'lstart=', '-p', String(pid)]);
  return stdout.toString().trim() || undefined;
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
