import { isReadOnlyGit } from './git-command.ts';
import { globbedText, isKnown, unknownText } from './shell-word.ts';

/**
 * True for a program that, with these words, writes nothing, asks no host and runs no other program:
 * it may go through where reading is allowed. Which files it reads is judged apart (`file-arguments.ts`).
 */
export function isReadOnlyCommand(words: readonly string[]): boolean {
  const [name = '', ...args] = words;
  if (args.length === 1 && /^(?:--version|-V|version)$/.test(args[0] ?? '')) {
    if (toldVersions.has(name)) return true;
  }
  if (name === 'git') return isReadOnlyGit(words);
  const check = programs[name];
  return check === true || (check?.(args) ?? false);
}

type Check = true | ((args: readonly string[]) => boolean);

/** A word that is, or may turn out to be, one of these options. */
function without(options: RegExp): Check {
  return (args) => {
    for (const arg of args) {
      if (arg === '--') return true;
      if (arg.startsWith(unknownText) || arg.startsWith(globbedText)) return false;
      if (arg.startsWith('-') && (options.test(arg) || !isKnown(arg))) return false;
    }
    return true;
  };
}

function positionals(args: readonly string[]): readonly string[] {
  return args.filter((arg) => !arg.startsWith('-') || arg === '-');
}

const sed: Check = (args) => {
  const scripts: string[] = [];
  const files: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (arg === '-e' || arg === '--expression') scripts.push(args[++at] ?? '');
    else if (/^-[nErsuz]+$/.test(arg)) continue;
    else if (arg.startsWith('-') || arg.startsWith(unknownText)) return false;
    else files.push(arg);
  }
  if (scripts.length === 0) scripts.push(files.shift() ?? '');
  return scripts.every((script) =>
    script.split(/[;\n]/).every((each) => sedCommand.test(each.trim())),
  );
};

/** Prints, deletes, counts, stops and replaces; not `w`, `r`, `e` and their flags. */
const sedAddress = '(?:\\d+|\\$|/[^/\\\\]*/)';
const sedText = '(?:(?!\\1)[^\\\\\\n])*';
const sedCommand = new RegExp(
  `^(?:${sedAddress}(?:,${sedAddress})?)?\\s*!?(?:[pdqN=]|s([/|#,@])${sedText}\\1${sedText}\\1[gIip\\d]*)?$`,
);

const awk: Check = (args) => {
  let at = 0;
  for (; at < args.length && args[at]?.startsWith('-'); at += 1) {
    const arg = args[at] ?? '';
    if (arg === '-F' || arg === '-v') at += 1;
    else if (!/^-[Fv]./.test(arg)) return false;
  }
  const program = args[at] ?? unknownText;
  return isKnown(program) && !/[|>@`]|system|getline|close|fflush|ARGV|ARGC/.test(program);
};

const upTo = (most: number, refused: RegExp): Check => {
  const check = without(refused);
  return (args) => positionals(args).length <= most && (check === true || check(args));
};

const anything = (names: string): [string, Check][] => names.split(' ').map((name) => [name, true]);

const programs: Readonly<Record<string, Check | undefined>> = Object.assign(Object.create(null), {
  ...Object.fromEntries(
    anything(
      ': [ arch b2sum base32 base64 basename break cat cd cksum cmp column comm continue cut df diff dirname du echo ' +
        'egrep env exit expand expr false fgrep fmt fold free getopts grep groups head hexdump id jobs join jq ' +
        'let ls lsblk lscpu md5sum nl nproc od paste pr printenv printf pwd read readarray mapfile readlink realpath return rev ' +
        'seq sha1sum sha224sum sha256sum sha384sum sha512sum shift size sleep stat strings sum tac tail test times tr true ' +
        'tsort tty type uname unexpand unset uptime users wait wc whereis which who whoami zcat command',
    ),
  ),
  awk,
  // Long options may be cut short: `--out` is `--output`.
  date: without(/^-(?:[^-]*s|-s)/),
  // It lists variables, or sets one that was found harmless; others never come here.
  export: (args: readonly string[]) => args.length === 0,
  fd: without(/^-(?:[^-]*[xX]|-exec)/),
  file: without(/^-(?:[^-]*C|-c)/),
  find: (args: readonly string[]) => !args.some((arg) => !mayBeIn(arg)),
  gawk: awk,
  hostname: (args: readonly string[]) => args.length === 0,
  mawk: awk,
  ps: (args: readonly string[]) => args.every((arg) => /^(?:-[efFlAaux]+|[auxfw]+)$/.test(arg)),
  rg: without(/^-(?:[^-]*z|-pre|-hostname-bin|-search-zip)/),
  sed,
  sort: without(/^-(?:[^-]*[oT]|-[ocft])/),
  tree: without(/^-(?:[^-]*[oR]|-o)/),
  uniq: upTo(1, /^$/),
  xxd: upTo(1, /^-(?:r|-r)/),
});

/** A word of `find` that makes it write nothing. */
function mayBeIn(arg: string): boolean {
  if (arg.startsWith(unknownText) || arg.startsWith(globbedText)) return false;
  return !/^-(?:delete|fprint|fprint0|fprintf|fls|exec|execdir|ok|okdir)$/.test(arg);
}

const toldVersions = new Set(
  (
    'bash bun cargo clang cmake curl deno docker dotnet gcc g++ gh git go gradle java javac make mvn node npm npx perl php pip ' +
    'pip3 pnpm psql python python3 rg ruby rustc rustup sqlite3 swift tsc uv yarn zig'
  ).split(' '),
);
