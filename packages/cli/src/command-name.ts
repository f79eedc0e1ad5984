import { realpathSync } from 'node:fs';

/** All commands; messages everywhere name them as `zeke <command>`. */
export const commandNames = [
  'up',
  'chat',
  'ask',
  'agent',
  'watch',
  'explain',
  'refactor',
  'sessions',
  'undo',
  'redo',
  'diff',
  'review',
  'test-gen',
  'commit',
  'complete',
  'models',
  'providers',
  'mcp',
  'permissions',
  'hooks',
  'keys',
  'login',
  'logout',
  'whoami',
  'secrets',
  'orgs',
  'teams',
  'users',
  'budgets',
  'consent',
  'usage',
  'audit',
  'content',
  'cache',
  'prices',
  'config',
  'doctor',
  'daemon',
  'rpc',
  'completion',
  'version',
] as const;

/**
 * What to type to start this program again: `zeke` where the PATH has it, else what was typed this
 * time. `launcher` is that, as the launcher says it in `ZEKE_LAUNCHER`.
 */
export function commandName({
  ZEKE_LAUNCHER: launcher,
  PATH: path,
}: Readonly<Record<string, string | undefined>>): string {
  if (!launcher) return 'zeke';
  const found = Bun.which('zeke', { PATH: path ?? '' });
  if (found !== null && isSameFile(found, launcher)) return 'zeke';
  const typed = launcher.includes('/') ? launcher : `./${launcher}`;
  return /^[\w./~+@-]+$/.test(typed) ? typed : `'${typed.replaceAll("'", "'\\''")}'`;
}

/** A text with `zeke <command>` in it, with the name that works where the user stands. */
export function nameCommands(text: string, name: string): string {
  return name === 'zeke' ? text : text.replace(mentioned, () => `${name} `);
}

const mentioned = new RegExp(`(?<![\\w./-])zeke (?=(?:${commandNames.join('|')})\\b)`, 'g');

function isSameFile(left: string, right: string): boolean {
  try {
    return realpathSync(left) === realpathSync(right);
  } catch {
    return false;
  }
}
