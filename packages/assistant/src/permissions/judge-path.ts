import { isWithin } from '../project/resolve-path.ts';
import { showPathPattern } from './path-pattern.ts';
import { protectionOf } from './protected-paths.ts';
import type { Rule } from './rule.ts';
import { type PartVerdict, type RuleBook, rulesForPath } from './rule-book.ts';
import type { PathAccess } from './shell/shell-part.ts';
import { globbedText } from './shell/shell-word.ts';

export interface PathUse {
  readonly access: PathAccess;
  /** Absolute and resolved; parts that a glob puts there are `globbedText`. */
  readonly path: string;
  /** A command opens it: the sandbox's own folders are free to it. */
  readonly isShell?: boolean;
  /** The rule that allowed the command that opens it. */
  readonly allowedBy?: Rule | undefined;
  /** All below it may be gone after. */
  readonly destroys?: boolean | undefined;
}

/** Decides about one file or folder. */
export function judgePath(book: RuleBook, use: PathUse): PartVerdict {
  const { access, path } = use;
  const text = `${access} ${show(book, path)}`;
  const fitting = rulesForPath(book, access, path);
  const decide = (verdict: PartVerdict['verdict'], reason: string, rule?: Rule): PartVerdict => ({
    text,
    verdict,
    reason,
    remembers: verdict === 'ask' ? proposals(book, use) : [],
    ...(rule === undefined ? {} : { rule }),
  });
  if (fitting.deny !== undefined) return decide('deny', 'a rule denies it', fitting.deny);
  if (access === 'write' && book.mode === 'plan') {
    return decide('deny', 'nothing is changed in plan mode');
  }
  if (use.destroys && holdsEverything(book, path)) {
    return {
      ...decide('ask', 'all of the project or of the home folder would be gone'),
      remembers: [],
    };
  }
  const protection = protectionOf(path, access, book, use.destroys);
  const allows = (rule: Rule | undefined): boolean =>
    rule !== undefined && (protection === undefined || namesPart(rule, protection.part));
  if (allows(fitting.remembered)) return decide('allow', 'a rule allows it', fitting.remembered);
  if (fitting.ask !== undefined) return decide('ask', 'a rule asks', fitting.ask);
  if (allows(fitting.allow) && covers(book, fitting.allow, path)) {
    return decide('allow', 'a rule allows it', fitting.allow);
  }
  if (protection !== undefined) return decide('ask', protection.reason);
  return { ...decide(...byMode(book, use)), isDefault: true };
}

function byMode(book: RuleBook, use: PathUse): ['allow' | 'ask', string, Rule?] {
  const { access, path, allowedBy } = use;
  const isScratch = use.isShell === true && book.scratch.some((folder) => isWithin(folder, path));
  if (isWithin(book.root, path) || isScratch) {
    if (access === 'read') return ['allow', 'reading in the project is allowed'];
    if (allowedBy !== undefined) return ['allow', 'a rule allows the command', allowedBy];
    if (book.mode === 'ask') return ['ask', 'the mode is ask'];
    return ['allow', `the mode is ${book.mode}`];
  }
  if (access === 'write') return ['ask', 'it is outside the project'];
  if (allowedBy !== undefined) return ['allow', 'a rule allows the command', allowedBy];
  if (book.mode === 'full') return ['allow', 'the mode is full'];
  return ['ask', 'it is outside the project'];
}

/** A rule for all paths means those of the project: others are named by a rule with a pattern. */
function covers(book: RuleBook, rule: Rule | undefined, path: string): boolean {
  const { subject } = rule ?? {};
  const hasPattern = subject !== undefined && subject.pattern !== undefined;
  return hasPattern || isWithin(book.root, path);
}

/** The rule means this protected name, and does not only take it in among others. */
function namesPart(rule: Rule, part: string): boolean {
  const { pattern } = rule.subject;
  return pattern?.replaceAll('\\', '').split('/').includes(part) ?? false;
}

function holdsEverything({ root, home }: RuleBook, path: string): boolean {
  const plain = path.endsWith(`/${globbedText}`) ? path.slice(0, -2) || '/' : path;
  return isWithin(plain, root) || (home !== undefined && isWithin(plain, home));
}

function proposals(book: RuleBook, { access, path }: PathUse): readonly string[] {
  const at = path.indexOf(globbedText);
  const known = at === -1 ? path : path.slice(0, path.lastIndexOf('/', at)) || '/';
  const isOrdinary = isWithin(book.root, path) && protectionOf(path, access, book) === undefined;
  const folder = at === -1 ? known.slice(0, known.lastIndexOf('/')) || '/' : known;
  if (isOrdinary && isWithin(book.root, folder))
    return [`${access}(${showPathPattern(folder, true, book)})`];
  if (at !== -1) return [];
  return [`${access}(${showPathPattern(known, false, book)})`];
}

function show({ root }: RuleBook, path: string): string {
  const shown = path.replaceAll(globbedText, '*');
  if (shown === root) return '.';
  return isWithin(root, shown) ? shown.slice(root === '/' ? 1 : root.length + 1) : shown;
}
