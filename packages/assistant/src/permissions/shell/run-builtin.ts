import type { ShellWalk } from './shell-walk.ts';
import { isKnown } from './shell-word.ts';
import { isHarmlessVariable, isPowerfulVariable } from './variables.ts';

/**
 * Follows the builtins of bash that change how the rest is read or run, or that evaluate text. True
 * when nothing of the command is left to judge; false when it is judged as any other.
 */
export function runBuiltin(walk: ShellWalk, words: readonly string[], text: string): boolean {
  const [name = '', ...args] = words;
  return builtins[name]?.(walk, args, text) ?? false;
}

type Builtin = (walk: ShellWalk, args: readonly string[], text: string) => boolean;

function refused(reason: string): Builtin {
  return (walk, _args, text) => {
    walk.opaque(text, reason);
    return true;
  };
}

const changesReading = refused('it changes how the rest is read');

const declare: Builtin = (walk, args, text) => {
  const flags = args.filter((each) => /^[-+][A-Za-z]+$/.test(each)).join('');
  const rest = args.filter((each) => !/^[-+][A-Za-z]+$/.test(each) && each !== '--');
  if (/[nif]/i.test(flags) || !rest.every(isKnownName)) {
    walk.variables.assignAnything();
    walk.opaque(text, 'which variables it sets, and to what, is only known when it runs');
    return true;
  }
  for (const each of rest) {
    const name = /^\w*/.exec(each)?.[0] ?? '';
    const isExported = flags.includes('x') || text.trimStart().startsWith('export');
    if (isExported ? !isHarmlessVariable(name) : isPowerfulVariable(name)) {
      walk.command(['export', each], [], text);
    }
    if (each.includes('=') && !isPowerfulVariable(name)) {
      const isNumber = /^\w+\+?=-?\d*$/.test(each);
      walk.variables.assign(name, isNumber ? 'number' : 'other');
    }
  }
  return true;
};

function isKnownName(word: string): boolean {
  return /^[A-Za-z_]\w*(?:$|\+?=)/.test(word);
}

const read: Builtin = (walk, args, text) => {
  const names: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? '';
    if (/^-[ers]*[dinNptu]$/.test(arg)) at += 1;
    else if (!/^-[ersa]+$/.test(arg) && !/^-[dinNptu]./.test(arg)) names.push(arg);
  }
  walk.names(names, text, 'other');
  return false;
};

const mapfile: Builtin = (walk, args, text) => {
  if (args.some((each) => !isKnown(each) || each.startsWith('-C'))) {
    walk.opaque(text, 'it may run a command for each line');
    return true;
  }
  walk.names(
    args.filter((each) => !/^-|^\d+$/.test(each)),
    text,
    'other',
  );
  return false;
};

const printf: Builtin = (walk, args, text) => {
  const [flag = '', name = ''] = args;
  if (flag === '-v') walk.names([name], text, 'other');
  else if (flag.startsWith('-v')) walk.names([flag.slice(2)], text, 'other');
  else if (!isKnown(flag.slice(0, 1))) walk.names([flag], text);
  return false;
};

const test: Builtin = (walk, args, text) => {
  for (const [at, arg] of args.entries()) {
    const mayBe = /^-[vR]$/.test(arg) || (at < args.length - 1 && !isKnown(arg) && args.length < 4);
    const next = args[at + 1];
    if (mayBe && next !== undefined && next !== ']') walk.names([next], text);
  }
  return false;
};

const unset: Builtin = (walk, args, text) => {
  if (args.some((each) => each.startsWith('-') && each !== '-v')) walk.functions.clear();
  walk.names(
    args.filter((each) => !each.startsWith('-')),
    text,
    'other',
  );
  // A name may be that of a function too.
  for (const each of args) walk.functions.delete(each);
  return false;
};

const set: Builtin = (walk, args, text) => {
  for (const [at, arg] of args.entries()) {
    if (arg === '--') return true;
    const isOption = /^[-+](?:[euxvfCET]+o?|o)$/.test(arg);
    const isName = /^[-+]\w*o$/.test(args[at - 1] ?? '') && safeOptions.test(arg);
    if (!isOption && !isName) {
      walk.opaque(text, 'it changes how the rest is read');
      return true;
    }
  }
  return true;
};

const safeOptions = /^(?:pipefail|errexit|nounset|xtrace|noglob|noclobber|errtrace|verbose)$/;

const letBuiltin: Builtin = (walk, args) => {
  for (const each of args) walk.arithmetic(each);
  return false;
};

const trap: Builtin = (walk, args, text) => {
  const [action = ''] = args.filter((each) => each !== '--');
  if (action === '-' || action === '' || args.length < 2) return true;
  if (action.startsWith('-') || !isKnown(action)) {
    walk.opaque(text, 'what it runs later is only known when it runs');
    return true;
  }
  walk.apart(() => {
    walk.cwds = undefined;
    walk.functions = new Set();
    walk.script(action);
  });
  return true;
};

const source: Builtin = (walk) => {
  walk.variables.assignAnything();
  walk.functions.clear();
  walk.cwds = undefined;
  return false;
};

const shopt: Builtin = (walk, args, text) => {
  const isSafe = args.every((each) =>
    /^(?:-[suqp]+|globstar|nullglob|failglob|inherit_errexit)$/.test(each),
  );
  if (!isSafe) walk.opaque(text, 'it changes how the rest is read');
  return true;
};

const move: Builtin = (walk) => {
  walk.cwds = undefined;
  return false;
};

const getopts: Builtin = (walk, args, text) => {
  walk.names(args.slice(1, 2), text, 'other');
  return false;
};

const wait: Builtin = (walk, args, text) => {
  const at = args.indexOf('-p');
  if (at !== -1) walk.names(args.slice(at + 1, at + 2), text, 'other');
  return false;
};

const builtins: Readonly<Record<string, Builtin | undefined>> = {
  __proto__: null as never,
  '.': source,
  '[': test,
  alias: changesReading,
  bind: changesReading,
  complete: changesReading,
  compgen: changesReading,
  compopt: changesReading,
  declare,
  enable: changesReading,
  export: declare,
  fc: refused('it runs commands from the history'),
  getopts,
  hash: changesReading,
  let: letBuiltin,
  local: declare,
  mapfile,
  popd: move,
  printf,
  pushd: move,
  read,
  readarray: mapfile,
  readonly: declare,
  set,
  shopt,
  source,
  test,
  trap,
  typeset: declare,
  unalias: changesReading,
  unset,
  wait,
};
