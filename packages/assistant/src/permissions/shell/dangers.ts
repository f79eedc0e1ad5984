import { gitSubcommands, readGitCommand } from './git-command.ts';
import { isKnown, unknownText } from './shell-word.ts';

/** Why a command asks in every mode. */
export interface Danger {
  /** The words that a rule has to name, from the first on, to allow it all the same. */
  readonly key: readonly string[];
  readonly reason: string;
}

/** What destroys work that nobody can bring back, or leaves the user's own rights. */
export function dangerOf(words: readonly string[]): Danger | undefined {
  const [name = '', ...args] = words;
  const base = name.slice(name.lastIndexOf('/') + 1);
  if (base === 'git') return dangerOfGit(words);
  if (/^mkfs/.test(base))
    return { key: [name], reason: 'it makes a new file system over an old one' };
  const reason = programs[base]?.(args);
  return reason === undefined ? undefined : { key: [name], reason };
}

function dangerOfGit(words: readonly string[]): Danger | undefined {
  const { subcommand, args, isRedirected } = readGitCommand(words);
  if (subcommand === undefined) {
    const asksNothing = words.length === 1 || /^--(?:version|help)$/.test(words[1] ?? '');
    return asksNothing ? undefined : { key: words, reason: 'what git is told to do is not known' };
  }
  const key = ['git', subcommand];
  if (isRedirected) return { key: words, reason: 'options of git that may run other programs' };
  if (!gitSubcommands.has(subcommand)) {
    return { key, reason: `git ${subcommand} may be an alias of anything` };
  }
  const reason = git[subcommand]?.(args);
  return reason === undefined ? undefined : { key, reason };
}

type Check = (args: readonly string[]) => string | undefined;

/** An option is there, or may be. */
function has(args: readonly string[], option: RegExp): boolean {
  return args.some((arg) => arg.startsWith(unknownText) || option.test(arg));
}

const always =
  (reason: string): Check =>
  () =>
    reason;

const losesChanges = 'it throws away changes that are not committed';

const git: Readonly<Record<string, Check | undefined>> = {
  __proto__: null as never,
  branch: (args) =>
    has(args, /^-\w*[DMCf]|^--(?:delete|force)$|^-\w*d$/)
      ? 'it may delete commits of a branch'
      : undefined,
  checkout: always(losesChanges),
  clean: always('it deletes files that git does not know'),
  'filter-branch': always('it writes the history anew'),
  gc: (args) => (has(args, /^--prune/) ? 'it deletes what could be brought back' : undefined),
  prune: always('it deletes what could be brought back'),
  push: (args) =>
    has(args, /^-\w*[fd]|^--(?:force|delete|mirror|prune)|^[+:]/)
      ? 'it overwrites or deletes what others have'
      : undefined,
  rebase: always('it writes commits anew'),
  reflog: (args) =>
    has(args, /^(?:expire|delete)$/) ? 'it deletes what could be brought back' : undefined,
  replace: always('it puts other objects in the place of commits'),
  reset: always(losesChanges),
  restore: always(losesChanges),
  rm: (args) => (has(args, /^-\w*f|^--force/) ? losesChanges : undefined),
  stash: (args) =>
    has(args, /^(?:drop|clear)$/) ? 'it deletes changes that were put aside' : undefined,
  switch: (args) =>
    has(args, /^-\w*[fC]|^--(?:force|discard-changes|force-create)/) ? losesChanges : undefined,
  tag: (args) =>
    has(args, /^-\w*[df]|^--(?:delete|force)/) ? 'it deletes or moves tags' : undefined,
  'update-ref': always('it moves branches without a check'),
  worktree: (args) => (has(args, /^(?:remove|prune)$/) ? 'it deletes a work tree' : undefined),
};

const elevates = always('it runs with the rights of another user');

const programs: Readonly<Record<string, Check | undefined>> = {
  __proto__: null as never,
  chroot: elevates,
  crontab: always('it plans commands for later'),
  dd: (args) => (has(args, /^of=\/dev\//) ? 'it writes to a device' : undefined),
  doas: elevates,
  fdisk: always('it writes to a device'),
  halt: always('it ends the system'),
  kill: (args) =>
    args.some((arg) => /^-1$/.test(arg) || !isKnown(arg)) ? 'it may end any process' : undefined,
  killall: always('it ends processes by their names'),
  nsenter: elevates,
  parted: always('it writes to a device'),
  pkexec: elevates,
  pkill: always('it ends processes by their names'),
  poweroff: always('it ends the system'),
  reboot: always('it ends the system'),
  rm: (args) =>
    args.some((arg) => arg.includes(unknownText))
      ? 'what it deletes is only known when it runs'
      : undefined,
  runuser: elevates,
  shutdown: always('it ends the system'),
  su: elevates,
  sudo: elevates,
  'systemd-run': always('it runs commands outside this session'),
  wipefs: always('it writes to a device'),
};
