import { isKnown, unknownText } from './shell-word.ts';

/** What a command runs in its turn. */
export interface Inner {
  /** Programs with their words. */
  readonly commands?: readonly (readonly string[])[];
  /** A script, that may hold what is not known. */
  readonly script?: string;
  /** The script's shell may be a plain `sh`. */
  readonly isPosix?: boolean;
  /** What is left to judge of the command itself. */
  readonly itself?: readonly string[];
  readonly assignments?: readonly string[];
  /** They run in folders that are not known. */
  readonly moves?: boolean;
}

/**
 * What a command that runs other commands runs: the words of programs, or a script. A text says why
 * that cannot be told; undefined is for all other commands.
 */
export function unwrap(words: readonly string[]): Inner | string | undefined {
  const [name = '', ...args] = words;
  const wrapper = wrappers[baseName(name)];
  return wrapper?.(args, words);
}

function baseName(name: string): string {
  return /^(?:\/usr\/local|\/usr)?\/bin\//.test(name)
    ? name.slice(name.lastIndexOf('/') + 1)
    : name;
}

type Unwrapper = (args: readonly string[], words: readonly string[]) => Inner | string | undefined;

const unknownOption = 'an option of it is not known here';

/** A wrapper without meaning of its own: options, those that take a value, and words before the command. */
function plain(flags: RegExp, valued: RegExp, wordsBefore = 0): Unwrapper {
  return (args) => {
    const rest = afterOptions(args, flags, valued);
    if (rest === undefined) return unknownOption;
    const command = rest.slice(wordsBefore);
    if (!rest.slice(0, wordsBefore).every(isKnown)) return unknownOption;
    return command.length === 0 ? {} : { commands: [command] };
  };
}

function afterOptions(
  args: readonly string[],
  flags: RegExp,
  valued: RegExp,
): readonly string[] | undefined {
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (arg === '--') return args.slice(at + 1);
    if (!arg.startsWith('-') || arg === '-') return args.slice(at);
    if (valued.test(arg)) at += 1;
    else if (!flags.test(arg)) return undefined;
  }
  return [];
}

const never = /^$/;

function bash(isPosix: boolean): Unwrapper {
  return (args, words) => {
    let at = 0;
    let hasScript = false;
    for (; at < args.length; at += 1) {
      const arg = args[at] ?? '';
      if (/^-[eux]*c[eux]*$/.test(arg)) hasScript = true;
      else if (/^[-+]o$/.test(arg)) {
        at += 1;
        if (!/^(?:pipefail|errexit|nounset|xtrace)$/.test(args[at] ?? '')) return unknownOption;
      } else if (/^-[eux]*o$/.test(arg)) {
        at += 1;
        if (args[at] !== 'pipefail') return unknownOption;
      } else if (!/^(?:-[euxn]+|--norc|--noprofile)$/.test(arg)) break;
    }
    if (args[at] === '--') at += 1;
    const first = args[at];
    if (hasScript) return first === undefined ? {} : { script: first, isPosix };
    if (first === undefined || first === '-' || first === '-s') {
      return 'it runs what comes from its standard input';
    }
    if (first.startsWith('-') && !/^--(?:version|help)$/.test(first)) return unknownOption;
    return { itself: words };
  };
}

const env: Unwrapper = (args) => {
  let at = 0;
  for (; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (arg === '-u' || arg === '--unset') at += 1;
    else if (arg === '--') break;
    else if (!/^(?:-[i0v]*|--ignore-environment|--null|--unset=\w+)$/.test(arg)) break;
  }
  if (args[at] === '--') at += 1;
  const rest = args.slice(at);
  if (rest[0]?.startsWith('-')) return unknownOption;
  const end = rest.findIndex((each) => !/^[A-Za-z_]\w*=/.test(each));
  if (end === -1) return { itself: ['env'], assignments: rest };
  return { commands: [rest.slice(end)], assignments: rest.slice(0, end) };
};

const xargs: Unwrapper = (args) => {
  let at = 0;
  let replaced: string | undefined;
  for (; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (arg === '--') {
      at += 1;
      break;
    }
    if (!arg.startsWith('-')) break;
    if (arg === '-I' || arg === '--replace') replaced = args[++at] ?? '{}';
    else if (/^-I./.test(arg)) replaced = arg.slice(2);
    else if (/^-[nPLdsE]$/.test(arg)) at += 1;
    else if (!/^-(?:[0rtx]+|[nPLs]\d+|d.+)$|^--(?:null|no-run-if-empty|max-\w+=\d+)$/.test(arg)) {
      return unknownOption;
    }
  }
  const command = args.slice(at);
  if (command.length === 0) return { commands: [['echo', unknownText]] };
  if (replaced === undefined) return { commands: [[...command, unknownText]] };
  const mark = replaced;
  return { commands: [command.map((each) => each.replaceAll(mark, unknownText))] };
};

const find: Unwrapper = (args, words) => {
  const commands: string[][] = [];
  const itself: string[] = [words[0] ?? ''];
  let moves = false;
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (!/^-(?:exec|execdir|ok|okdir)$/.test(arg)) {
      itself.push(arg);
      continue;
    }
    moves ||= arg.endsWith('dir');
    const rest = args.slice(at + 1);
    const end = rest.findIndex((each, i) => each === ';' || (each === '+' && rest[i - 1] === '{}'));
    if (end === -1) return 'where the command after -exec ends is not known';
    commands.push(rest.slice(0, end).map((each) => each.replaceAll('{}', unknownText)));
    at += end + 1;
  }
  if (commands.some((command) => command.length === 0)) return 'nothing stands after -exec';
  return { commands, itself, moves };
};

const command: Unwrapper = (args, words) => {
  if (/^-[pvV]*[vV]/.test(args[0] ?? '')) return { itself: words };
  return plain(/^-p$/, never)(args, words);
};

/** The command itself asks for its own word, and what it runs for another. */
const asAnother: Unwrapper = (args, words) => {
  const rest = afterOptions(args, /^-[nEHSkb]+$/, /^-[ugp]$/);
  return { itself: words, commands: rest === undefined || rest.length === 0 ? [] : [[...rest]] };
};

const wrappers: Readonly<Record<string, Unwrapper | undefined>> = {
  __proto__: null as never,
  bash: bash(false),
  sh: bash(true),
  dash: bash(true),
  builtin: plain(never, never),
  command,
  doas: asAnother,
  env,
  eval: (args) => ({ script: args.join(' ') }),
  exec: plain(/^-[cl]+$/, /^-a$/),
  find,
  ionice: plain(/^-(?:[cnt]\d?|c\d)$/, /^-[cn]$/),
  nice: plain(/^-(?:n?-?\d+)$|^--adjustment=-?\d+$/, /^-n$/),
  nohup: plain(never, never),
  setsid: plain(/^-[cfw]+$|^--(?:ctty|fork|wait)$/, never),
  stdbuf: plain(/^-[ioe](?:L|\d+\w?)$/, /^-[ioe]$/),
  sudo: asAnother,
  time: plain(/^-[pv]+$/, /^-f$/),
  timeout: plain(
    /^-(?:v|k\S+|s\S+)$|^--(?:foreground|preserve-status|verbose|signal=\w+|kill-after=\w+)$/,
    /^-[ks]$/,
    1,
  ),
  xargs,
};
