import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Debian packages that some suites need; `scripts/system-packages.txt` names the same. */
export type SystemPackage =
  | 'bubblewrap'
  | 'fish'
  | 'postgresql'
  | 'prometheus'
  | 'python3-pytest-cov'
  | 'redis-server'
  | 'zsh';

const postgresRoot = '/usr/lib/postgresql';

/** The folder with PostgreSQL's newest programs, from Debian's packages or the PATH. */
export function postgresPrograms(): string | undefined {
  const versions = entriesOf(postgresRoot)
    .filter((name) => /^\d+$/.test(name))
    .sort((left, right) => Number(right) - Number(left));
  for (const version of versions) {
    const folder = join(postgresRoot, version, 'bin');
    if (entriesOf(folder).includes('initdb')) return folder;
  }
  const initdb = Bun.which('initdb');
  return initdb === null ? undefined : join(initdb, '..');
}

/** The path of `redis-server` (or Valkey's). */
export function redisProgram(): string | undefined {
  return Bun.which('redis-server') ?? Bun.which('valkey-server') ?? undefined;
}

/** True when the programs of that package are on this machine. */
export function hasSystemPackage(name: SystemPackage): boolean {
  switch (name) {
    case 'postgresql':
      return postgresPrograms() !== undefined;
    case 'redis-server':
      return redisProgram() !== undefined;
    case 'bubblewrap':
      return Bun.which('bwrap') !== null;
    case 'python3-pytest-cov':
      return existsSync('/usr/lib/python3/dist-packages/pytest_cov');
    default:
      return Bun.which(name) !== null;
  }
}

/**
 * Whether the suites that need this package are to be skipped:
 * `describe.skipIf(skipsWithout('postgresql'))('…')`. Where `CI=true` a skip would hide a hole, so
 * a missing package throws instead.
 */
export function skipsWithout(
  name: SystemPackage,
  environment: Readonly<Record<string, string | undefined>> = Bun.env,
  installed: boolean = hasSystemPackage(name),
): boolean {
  if (installed) return false;
  if (environment.CI === 'true') {
    throw new Error(`the Debian package ${name} is missing; see scripts/system-packages.txt`);
  }
  return true;
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
