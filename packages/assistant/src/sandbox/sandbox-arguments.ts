import { existsSync, lstatSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { isWithin } from '../project/resolve-path.ts';

export interface SandboxPlan {
  /** The project's root, absolute and resolved: it can be written to. */
  readonly root: string;
  /** Where the command stands. */
  readonly cwd: string;
  /** The user's home folder. */
  readonly home: string;
  /** `$ZEKE_HOME`: hidden. */
  readonly zekeHome: string;
  /** The folder that is `/tmp` inside. */
  readonly temporary: string;
  /** Other folders that can be written to, absolute or from `~/`. */
  readonly writable: readonly string[];
  readonly hasNetwork: boolean;
  /** The command has a terminal of its own, whose session it must keep. */
  readonly hasTerminal: boolean;
}

/**
 * What bubblewrap (bwrap(1)) is told: all of the system to be read, but for secrets, sockets and other
 * processes; the project, `/tmp` and `writable` to be written; no network unless asked for; no rights of
 * a superuser; and all of it dies with who started it. Of the project, what decides what runs later
 * outside (`.git/config`, `.git/hooks`, `.zeke`, …) can be read only.
 */
export function sandboxArguments(plan: SandboxPlan): string[] {
  const { root, home, zekeHome, writable, hasNetwork, hasTerminal } = plan;
  const secrets = [zekeHome, ...secretNames.map((name) => join(home, name))].flatMap(resolved);
  const open = writable.map((path) => path.replace(/^~(?=\/)/, home)).flatMap(resolved);
  return [
    '--unshare-all',
    '--unshare-user',
    ...(hasNetwork ? ['--share-net'] : []),
    '--die-with-parent',
    ...(hasTerminal ? [] : ['--new-session']),
    ...['--cap-drop', 'ALL'],
    ...['--ro-bind', '/', '/'],
    ...['--dev', '/dev'],
    ...['--proc', '/proc'],
    ...sockets.flatMap((path) => (isFolder(path) ? ['--tmpfs', path] : [])),
    ...(hasNetwork ? nameServers() : []),
    ...['--bind', plan.temporary, '/tmp'],
    ...(isFolder('/var/tmp') ? ['--tmpfs', '/var/tmp'] : []),
    ...secrets.filter((path) => !isWithin(root, path)).flatMap(hide),
    ...open.flatMap((path) => ['--bind', path, path]),
    ...['--bind', root, root],
    ...secrets.filter((path) => isWithin(root, path) && path !== root).flatMap(hide),
    ...fixed(root).flatMap((path) => ['--ro-bind', path, path]),
    ...['--chdir', plan.cwd],
    '--',
  ];
}

/** Of systems, of desktops, of container engines: whoever may speak to them is not confined. */
const sockets = ['/run', '/tmp/.X11-unix'];

/** Below the home folder. */
const secretNames = [
  '.ssh',
  '.gnupg',
  '.aws',
  '.azure',
  '.kube',
  '.docker',
  '.netrc',
  '.npmrc',
  '.pypirc',
  '.pgpass',
  '.my.cnf',
  '.git-credentials',
  '.vault-token',
  '.password-store',
  '.terraform.d',
  '.mozilla',
  '.thunderbird',
  '.bash_history',
  '.zsh_history',
  '.python_history',
  '.psql_history',
  '.node_repl_history',
  '.claude',
  '.codex',
  '.gemini',
  '.cargo/credentials',
  '.cargo/credentials.toml',
  '.config/gcloud',
  '.config/gh',
  '.config/op',
  '.config/rclone',
  '.config/opencode',
  '.config/google-chrome',
  '.config/chromium',
  '.config/BraveSoftware',
  '.config/git/credentials',
  '.local/share/keyrings',
  '.local/share/opencode',
  '.m2/settings.xml',
  '.gradle/gradle.properties',
];

function resolved(path: string): string[] {
  try {
    return [realpathSync(path)];
  } catch {
    return [];
  }
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function hide(path: string): string[] {
  return isFolder(path) ? ['--tmpfs', path] : ['--ro-bind', '/dev/null', path];
}

/** `/etc/resolv.conf` is a link into `/run` on many systems. */
function nameServers(): string[] {
  return resolved('/etc/resolv.conf')
    .filter((path) => isWithin('/run', path))
    .flatMap((path) => ['--ro-bind', path, path]);
}

/** What is read outside the sandbox and decides what runs there, as far as it is there. */
function fixed(root: string): string[] {
  const names = [
    '.git/config',
    '.git/hooks',
    '.zeke',
    '.mcp.json',
    '.envrc',
    '.vscode',
    '.idea',
    '.husky',
  ];
  const all = names.map((name) => join(root, name));
  // The file of a linked work tree says where its repository is.
  const link = join(root, '.git');
  return [...all, ...(isFolder(link) ? [] : [link])]
    .filter((path) => existsSync(path))
    .flatMap(resolved);
}
