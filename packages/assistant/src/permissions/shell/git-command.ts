import { isKnown } from './shell-word.ts';

/** A call of git, its options before the subcommand apart. */
export interface GitCommand {
  /** Undefined where it is not known, or none is there. */
  readonly subcommand: string | undefined;
  readonly args: readonly string[];
  /** Folders that `-C` names. */
  readonly folders: readonly string[];
  /** Options before the subcommand tell git to read another repository or configuration, or to run something. */
  readonly isRedirected: boolean;
}

/** `words` begins with `git`. */
export function readGitCommand(words: readonly string[]): GitCommand {
  const folders: string[] = [];
  let isRedirected = false;
  let at = 1;
  for (; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (!word.startsWith('-')) break;
    if (word === '-C') folders.push(words[++at] ?? '');
    else if (
      !/^(?:--no-pager|-P|--no-optional-locks|--literal-pathspecs|--version|--help)$/.test(word)
    ) {
      isRedirected = true;
      if (/^(?:-c|--git-dir|--work-tree|--namespace|--config-env|--super-prefix)$/.test(word))
        at += 1;
    }
  }
  const subcommand = words[at];
  const isName = subcommand !== undefined && /^[a-z][\w-]*$/.test(subcommand);
  return {
    subcommand: isName ? subcommand : undefined,
    args: words.slice(at + 1),
    folders,
    isRedirected,
  };
}

/** True for calls that change neither repository nor work tree, ask no host and run no other program. */
export function isReadOnlyGit(words: readonly string[]): boolean {
  const { subcommand, args, isRedirected } = readGitCommand(words);
  if (isRedirected || subcommand === undefined) return words.slice(1).join(' ') === '--version';
  if (args.some(isRefused)) return false;
  if (plain.has(subcommand)) return true;
  return checked[subcommand]?.(args) ?? false;
}

/** An option that writes files or runs programs, also cut short as git lets it be, or that may turn out as one. */
function isRefused(arg: string): boolean {
  if (/^[\uE000\uE001]|^-O/.test(arg)) return true;
  const name = /^--([^=]+)/.exec(arg)?.[1];
  if (name === undefined) return false;
  return refused.some((each) => each.startsWith(name) || name.startsWith(each)) || !isKnown(name);
}

const refused = [
  'output',
  'ext-diff',
  'textconv',
  'open-files-in-pager',
  'upload-pack',
  'exec',
  'filters',
  'edit',
];

const plain = new Set([
  'blame',
  'cat-file',
  'check-attr',
  'check-ignore',
  'cherry',
  'count-objects',
  'describe',
  'diff',
  'diff-files',
  'diff-index',
  'diff-tree',
  'for-each-ref',
  'grep',
  'log',
  'ls-files',
  'ls-tree',
  'merge-base',
  'name-rev',
  'rev-list',
  'rev-parse',
  'shortlog',
  'show',
  'show-branch',
  'show-ref',
  'status',
  'version',
  'whatchanged',
]);

const onlyOptions = (pattern: RegExp) => (args: readonly string[]) =>
  args.every((arg) => pattern.test(arg));

const firstIs = (pattern: RegExp) => (args: readonly string[]) => pattern.test(args[0] ?? '');

const listsBranches = onlyOptions(
  /^(?:-[avrl]+|-vv|--(?:list|all|remotes|show-current|sort=.*|format=.*|column|color))$/,
);

const checked: Readonly<Record<string, ((args: readonly string[]) => boolean) | undefined>> = {
  __proto__: null as never,
  branch: (args) =>
    listsBranches(args) || /^--(?:list|contains|no-contains|merged|no-merged)$/.test(args[0] ?? ''),
  config: firstIs(/^(?:--get|--get-all|--get-regexp|--list|-l|get|list)$/),
  notes: firstIs(/^(?:list|show)$/),
  reflog: (args) => args.length === 0 || /^(?:show|-\d+|-n|HEAD)$/.test(args[0] ?? ''),
  remote: (args) => args.every((arg) => /^(?:-v|--verbose)$/.test(arg)) || args[0] === 'get-url',
  stash: firstIs(/^(?:list|show)$/),
  tag: (args) =>
    args.length === 0 ||
    /^(?:-l|--list|-n\d*|--contains|--merged|--points-at)$/.test(args[0] ?? ''),
  worktree: firstIs(/^list$/),
};

/** Of git itself; other words may be aliases, which may be any command. */
export const gitSubcommands: ReadonlySet<string> = new Set([
  ...plain,
  ...Object.keys(checked),
  ...(
    'add am annotate apply archive bisect bundle checkout cherry-pick clean clone commit commit-tree fetch filter-branch ' +
    'format-patch fsck gc hash-object help init interpret-trailers ls-remote maintenance merge merge-file merge-tree mktree mv prune ' +
    'pull push range-diff read-tree rebase reflog remote repack replace request-pull rerere reset restore revert rm send-email ' +
    'sparse-checkout stripspace submodule switch symbolic-ref update-index update-ref verify-commit verify-tag write-tree'
  ).split(' '),
]);
