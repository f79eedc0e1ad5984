import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Environment } from './read-environment.ts';

/** `$ZEKE_HOME`, absolute; `~/.zeke` without it. */
export function zekeHome(environment: Environment, cwd: string): string {
  return environment.ZEKE_HOME ? resolve(cwd, environment.ZEKE_HOME) : join(homedir(), '.zeke');
}
