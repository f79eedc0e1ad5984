import { readGitCommand } from './git-command.ts';
import type { PathAccess } from './shell-part.ts';

export interface FileArgument {
  readonly access: PathAccess;
  /** As the program gets it: relative to its working folder, and may hold what is not known. */
  readonly path: string;
  /** All below it may be gone after. */
  readonly destroys?: boolean;
}

/**
 * The files that a program known here opens, as its words name them. Empty for other programs, whose
 * words may mean anything.
 */
export function fileArguments(words: readonly string[]): readonly FileArgument[] {
  const [name = '', ...args] = words;
  const base = name.slice(name.lastIndexOf('/') + 1);
  return programs[base]?.(args, words) ?? [];
}

/** Words, and values of options, that may be files, of a program that may be any. */
export function mentionedPaths(words: readonly string[]): readonly string[] {
  const [name = '', ...args] = words;
  const base = name.slice(name.lastIndexOf('/') + 1);
  if (namesNoFiles.has(base)) return [];
  const skipped = takesScript.has(base) ? operands(args)[0] : undefined;
  const ofCommits = base === 'git' ? args.flatMap(pathInCommit) : [];
  return [...ofCommits, ...args]
    .filter((word) => word !== skipped)
    .map((word) => {
      if (!word.startsWith('-')) return word;
      return /^--?[\w-]+=(.+)$/s.exec(word)?.[1] ?? /^-[A-Za-z]([/.].*)$/s.exec(word)?.[1] ?? '';
    })
    .filter((word) => word !== '' && word.length < 1_000 && !word.includes('\n'));
}

/** `HEAD:a`, `:0:a`, `:(top)a`, `-L1,3:a` (gitrevisions(7), gitglossary(7)). */
function pathInCommit(arg: string): string[] {
  const path = /^-L[^:]*:(?:[^:]*:)?(.+)$/.exec(arg) ?? /^[^-:][^:]*:(.+)$/.exec(arg);
  const inIndex = /^:(?:\([^)]*\)|[!^/]+|[0-3]:)?(.+)$/.exec(arg);
  return (path ?? inIndex)?.slice(1, 2) ?? [];
}

const namesNoFiles = new Set(['echo', 'printf', 'expr', 'seq', 'tr', 'true', 'false', ':', 'read']);

/** The first operand is a pattern or a program of their own. */
const takesScript = new Set(['grep', 'egrep', 'fgrep', 'rg', 'sed', 'awk', 'gawk', 'mawk', 'jq']);

type Reader = (args: readonly string[], words: readonly string[]) => readonly FileArgument[];

/** Words that are no options, and no values of `valued` options. */
function operands(args: readonly string[], valued = /^$/): string[] {
  const found: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (arg === '--') return [...found, ...args.slice(at + 1)];
    if (valued.test(arg)) at += 1;
    else if (!arg.startsWith('-')) found.push(arg);
  }
  return found;
}

const as = (access: PathAccess, paths: readonly string[]): FileArgument[] =>
  paths.map((path) => ({ access, path }));

const reads =
  (valued?: RegExp): Reader =>
  (args) =>
    as('read', operands(args, valued));

const writes =
  (valued?: RegExp): Reader =>
  (args) =>
    as('write', operands(args, valued));

const removes: Reader = (args) =>
  as('write', operands(args)).map((each) => ({ ...each, destroys: true }));

/** The first operand is no file. */
const writesAfterFirst: Reader = (args) => as('write', operands(args).slice(1));

/** The first operand is a pattern, unless an option gave it. */
const searches: Reader = (args) => {
  const hasPattern = args.some((arg) => /^-[ef]$|^--(?:regexp|file|files)(?:=|$)/.test(arg));
  const found = operands(args, /^-(?:[efABCmgtT]|-(?:glob|type|max-count|context|regexp|file))$/);
  const named = args.flatMap((arg, at) => (arg === '-f' ? args.slice(at + 1, at + 2) : []));
  return as('read', [...named, ...(hasPattern ? found : found.slice(1))]);
};

const copies =
  (from: PathAccess): Reader =>
  (args) => {
    const into = args.flatMap((arg, at) =>
      /^-(?:[^-]*t|-t[a-z-]*)$/.test(arg)
        ? args.slice(at + 1, at + 2)
        : (/^(?:-[^-]*?t|--t[a-z-]*=)(.+)$/.exec(arg)?.slice(1, 2) ?? []),
    );
    const found = operands(args, /^-(?:[^-]*t|S|m|o|g|-t[a-z-]*)$/);
    const targets = into.length > 0 ? into : found.slice(-1);
    const sources = into.length > 0 ? found : found.slice(0, -1);
    const moved = as(from, sources).map((each) => ({ ...each, destroys: from === 'write' }));
    return [...moved, ...as('write', targets)];
  };

/** A second name for a file is a way to write to it; a symbolic one is followed when it is used. */
const links: Reader = (args, words) => {
  const isSymbolic = args.some((arg) => /^-[^-]*s|^--s[a-z]*$/.test(arg));
  const found = copies('read')(args, words);
  return isSymbolic ? found : found.map((each) => ({ ...each, access: 'write' }));
};

const find: Reader = (args) => {
  const end = args.findIndex((arg) => /^[-(!]/.test(arg) && !/^-[HLPDO]/.test(arg));
  const starts = operands(end === -1 ? args : args.slice(0, end));
  const changes = args.includes('-delete');
  const written = args.flatMap((arg, at) =>
    /^-f(?:print|printf|print0|ls)$/.test(arg) ? args.slice(at + 1, at + 2) : [],
  );
  const found = as(changes ? 'write' : 'read', starts);
  return [...found.map((each) => ({ ...each, destroys: changes })), ...as('write', written)];
};

const sed: Reader = (args) => {
  const hasScript = args.some((arg) => /^-(?:e|f|-expression|-file)/.test(arg));
  const found = operands(args, /^-(?:[efl]|-expression|-file)$/);
  const isInPlace = args.some((arg) => /^-[nErsuz]*i|^--in-place/.test(arg));
  return as(isInPlace ? 'write' : 'read', hasScript ? found : found.slice(1));
};

const awk: Reader = (args) => {
  const found = operands(args, /^-[Fv]$/).slice(args.includes('-f') ? 0 : 1);
  return as(
    'read',
    found.filter((each) => !/^\w+=/.test(each)),
  );
};

const dd: Reader = (args) =>
  args.flatMap((arg) => {
    const [, name, path = ''] = /^(if|of)=(.*)$/s.exec(arg) ?? [];
    return name === undefined ? [] : as(name === 'of' ? 'write' : 'read', [path]);
  });

const sort: Reader = (args) => {
  const written = args.flatMap((arg, at) =>
    /^-(?:[^-]*o|-o[a-z]*)$/.test(arg)
      ? args.slice(at + 1, at + 2)
      : (/^(?:-[^-]*?o|--o[a-z]*=)(.+)$/.exec(arg)?.slice(1, 2) ?? []),
  );
  return [...as('read', operands(args, /^-(?:[kStT]|[^-]*o|-o[a-z]*)$/)), ...as('write', written)];
};

const secondIsWritten: Reader = (args) => {
  const found = operands(args, /^-[cslfwn]$/);
  return [...as('read', found.slice(0, 1)), ...as('write', found.slice(1))];
};

const git: Reader = (_args, words) => as('read', readGitCommand(words).folders);

const each = (names: string, reader: Reader): [string, Reader][] =>
  names.split(' ').map((name) => [name, reader]);

const programs: Readonly<Record<string, Reader | undefined>> = Object.assign(
  Object.create(null),
  Object.fromEntries([
    ...each(
      'b2sum base32 base64 cat cd cksum cmp column comm diff du expand file fmt fold hexdump join ls md5sum nl od paste pr pushd ' +
        'readlink realpath rev sha1sum sha224sum sha256sum sha384sum sha512sum size source . stat strings sum tac tree tsort ' +
        'unexpand wc zcat',
      reads(/^-(?:[dfswLIP]|[A-Z])$/),
    ),
    ...each('head tail', reads(/^-[nc]$/)),
    ['cut', reads(/^-[dfcb]$/)],
    ...each('grep egrep fgrep rg zgrep fd', searches),
    ...each('jq', (args) => as('read', operands(args, /^--?(?:arg|argjson|indent|f)$/).slice(1))),
    ...each('rm rmdir unlink shred', removes),
    ...each('mkdir mkfifo tee', writes(/^-m$/)),
    ...each('touch truncate', writes(/^-[drst]$/)),
    ...each('chmod chown chgrp', writesAfterFirst),
    ...each('cp install', copies('read')),
    ['ln', links],
    ['mv', copies('write')],
    ...each('uniq xxd', secondIsWritten),
    ['find', find],
    ['sed', sed],
    ...each('awk gawk mawk', awk),
    ['dd', dd],
    ['sort', sort],
    ['git', git],
  ]),
);
