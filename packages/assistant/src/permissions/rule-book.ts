import { matchesCommand, mayMatchCommand } from './command-pattern.ts';
import type { PermissionMode } from './mode.ts';
import { matchesPath, type PathSetting } from './path-pattern.ts';
import type { ProtectedSetting } from './protected-paths.ts';
import type { Rule, RuleVerdict } from './rule.ts';
import type { PathAccess } from './shell/shell-part.ts';
import { matchesWildcard } from './wildcard.ts';

/** All that decides, as it is in force at one moment. */
export interface RuleBook extends PathSetting, ProtectedSetting {
  readonly mode: PermissionMode;
  /** Of files and of who started the session. */
  readonly rules: readonly Rule[];
  /** What people answered: for this session, for this project. */
  readonly remembered: readonly Rule[];
  /** Folders outside the project that commands may use as their own: the sandbox's `/tmp`. */
  readonly scratch: readonly string[];
}

/** What was decided about one thing that a call would do. */
export interface PartVerdict {
  /** For people: a command, `write src/a.ts`, … */
  readonly text: string;
  readonly verdict: RuleVerdict;
  /** One line, that ends a sentence: `the mode is ask`. */
  readonly reason: string;
  readonly rule?: Rule;
  /** No rule said so, only the mode: a rule for the whole tool may say otherwise. */
  readonly isDefault?: boolean;
  /** The rules that would let it through; empty where only a single call can be allowed. */
  readonly remembers: readonly string[];
}

/** Rules that fit: the first that denies, that a person remembered, that asks, that allows. */
export interface Fitting {
  readonly deny?: Rule | undefined;
  /** It may turn out to be what this rule denies. */
  readonly mayDeny?: Rule | undefined;
  readonly remembered?: Rule | undefined;
  readonly ask?: Rule | undefined;
  readonly allow?: Rule | undefined;
}

export function rulesForPath(book: RuleBook, access: PathAccess, path: string): Fitting {
  return pick(book, ({ subject }) => {
    if (subject.kind !== access) return 'no';
    return subject.pattern === undefined || matchesPath(subject.pattern, path, book) ? 'yes' : 'no';
  });
}

/** `variants` are other ways to say the same command, which denying and asking rules see too. */
export function rulesForCommand(
  book: RuleBook,
  kind: 'shell' | 'network' | 'host',
  words: readonly string[],
  variants: readonly (readonly string[])[],
): Fitting {
  return pick(book, ({ subject, verdict }) => {
    if (subject.kind !== kind) return 'no';
    const { pattern } = subject;
    if (matchesCommand(pattern, words)) return 'yes';
    if (verdict === 'allow') return 'no';
    if (variants.some((each) => matchesCommand(pattern, each))) return 'yes';
    return [words, ...variants].some((each) => mayMatchCommand(pattern, each)) ? 'maybe' : 'no';
  });
}

export function rulesForName(
  book: RuleBook,
  kind: 'fetch' | 'mcp' | 'tool',
  name: string,
): Fitting {
  return pick(book, ({ subject }) => {
    if (subject.kind !== kind) return 'no';
    const { pattern } = subject;
    return pattern === undefined || matchesWildcard(pattern, name) ? 'yes' : 'no';
  });
}

function pick(book: RuleBook, fits: (rule: Rule) => 'yes' | 'maybe' | 'no'): Fitting {
  let mayDeny: Rule | undefined;
  const found: { deny?: Rule; ask?: Rule; allow?: Rule } = {};
  for (const rule of book.rules) {
    if (found[rule.verdict] !== undefined) continue;
    const fit = fits(rule);
    if (fit === 'yes' || (fit === 'maybe' && rule.verdict === 'ask')) found[rule.verdict] = rule;
    else if (fit === 'maybe') mayDeny ??= rule;
  }
  const remembered = book.remembered.find((rule) => fits(rule) === 'yes');
  return { ...found, mayDeny, remembered };
}
