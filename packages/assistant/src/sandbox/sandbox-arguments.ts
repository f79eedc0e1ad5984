import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { RpcError } from '@zeke/rpc';
import { runsLater } from '../permissions/protected-paths.ts';
import { secretsInHome } from '../permissions/secret-places.ts';
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
  /** The folder that is `/tmp` inside; without it there is an empty one. */
  readonly temporary?: string;
  /** Other folders that can be written to, absolute or from `~/`. */
  readonly writable: readonly string[];
  readonly hasNetwork: boolean;
  /** The command has a terminal of its own, whose session it must keep. */
  readonly hasTerminal: boolean;
  /** Nothing of the project is written, but for what git LFS keeps in its folder of the repository. */
  readonly isReader?: boolean;
}

/**
 * What bubblewrap (bwrap(1)) is told: all of the system to be read, but for secrets, sockets and other
 * processes; the project, `/tmp` and `writable` to be written; no network unless asked for; no rights of
 * a superuser; and all of it dies with who started it. Of the project, what decides what runs later
 * outside (`.git/config`, `.git/hooks`, `.zeke`, …) can be read only.
 */
export function sandboxArguments(plan: SandboxPlan): string[] {
  const { root, home, zekeHome, writable, hasNetwork, hasTerminal, isReader = false } = plan;
  if (root === '/') {
    throw new RpcError(
      'failed_precondition',
      'a project that is all of the system (/) cannot be confined: open a folder in it, or set sandbox.use to off',
    );
  }
  const named = writable.map((path) => path.replace(/^~(?=\/)/, home)).flatMap(resolved);
  const repository = sharedRepository(root);
  const open = [...named, ...repository];
  const secrets = [zekeHome, ...secretsInHome.map((name) => join(home, name))].flatMap(resolved);
  const isOpened = (secret: string): boolean => named.some((path) => isWithin(secret, path));
  const outside = secrets.filter((path) => !isWithin(root, path));
  const bind = isReader ? '--ro-bind' : '--bind';
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
    ...(plan.temporary === undefined ? ['--tmpfs', '/tmp'] : ['--bind', plan.temporary, '/tmp']),
    ...(isFolder('/var/tmp') ? ['--tmpfs', '/var/tmp'] : []),
    ...outside.filter(isOpened).flatMap(hide),
    ...open.flatMap((path) => [bind, path, path]),
    ...outside.filter((path) => !isOpened(path)).flatMap(hide),
    ...[bind, root, root],
    ...(isReader ? [join(root, '.git'), ...repository].flatMap(largeFiles) : []),
    ...secrets.filter((path) => isWithin(root, path) && path !== root).flatMap(hide),
    ...[...fixed(root), ...repository.flatMap(fixedInRepository)].flatMap(readOnly),
    ...['--chdir', plan.cwd],
    '--',
  ];
}

/** Of systems, of desktops, of container engines: whoever may speak to them is not confined. */
const sockets = ['/run', '/tmp/.X11-unix'];

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

/** The filter of git LFS writes there, also where git only compares. */
function largeFiles(repository: string): string[] {
  const folder = join(repository, 'lfs');
  return isFolder(folder) && resolved(folder)[0] === folder ? ['--bind', folder, folder] : [];
}

/** `/etc/resolv.conf` is a link into `/run` on many systems. */
function nameServers(): string[] {
  return resolved('/etc/resolv.conf')
    .filter((path) => isWithin('/run', path))
    .flatMap((path) => ['--ro-bind', path, path]);
}

function readOnly(path: string): string[] {
  return existsSync(path) ? resolved(path).flatMap((real) => ['--ro-bind', real, real]) : [];
}

/** What is read outside the sandbox and decides what runs there. */
function fixed(root: string): string[] {
  const git = join(root, '.git');
  const names = [...runsLater].filter((name) => name !== '.git');
  // The file of a linked work tree says where its repository is.
  const ofGit = isFolder(git) ? fixedInRepository(git) : [git];
  return [...names.map((name) => join(root, name)), ...ofGit];
}

/** Configuration and hooks of a repository and of its submodules. */
function fixedInRepository(repository: string): string[] {
  const modules = join(repository, 'modules');
  const names = isFolder(modules) ? readdirSync(modules).slice(0, maxModules) : [];
  return [repository, ...names.map((name) => join(modules, name))].flatMap((folder) => [
    join(folder, 'config'),
    join(folder, 'hooks'),
  ]);
}

/** More submodules than this are not looked at. */
const maxModules = 256;

/**
 * The repository of a linked work tree, which commits go to: outside the project. Only where that
 * repository names the work tree too, so that a file in the project cannot open any folder.
 */
function sharedRepository(root: string): string[] {
  const git = join(root, '.git');
  const entry = lstatSync(git, { throwIfNoEntry: false });
  if (!entry?.isFile() || entry.size > maxLinkBytes) return [];
  const own = /^gitdir: (.+)\n?$/.exec(readFileSync(git, 'utf8'))?.[1];
  if (own === undefined) return [];
  const folder = resolve(root, own);
  const named = linkIn(join(folder, 'gitdir'));
  const shared = linkIn(join(folder, 'commondir'));
  if (named === undefined || shared === undefined) return [];
  return resolve(folder, named) === git ? resolved(resolve(folder, shared)) : [];
}

/** Such files have one path in them. */
const maxLinkBytes = 8_192;

function linkIn(path: string): string | undefined {
  const entry = lstatSync(path, { throwIfNoEntry: false });
  if (!entry?.isFile() || entry.size > maxLinkBytes) return undefined;
  return readFileSync(path, 'utf8').trim();
}
