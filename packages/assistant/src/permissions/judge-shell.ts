import type { Project } from '../project/project.ts';
import type { Action } from './action.ts';
import { type CommandPart, judgeCommand, variantsOf } from './judge-command.ts';
import { judgePath } from './judge-path.ts';
import { placePaths } from './place-path.ts';
import { proposeCommandRule } from './propose-rule.ts';
import { type PartVerdict, type RuleBook, rulesForCommand } from './rule-book.ts';
import { isReadOnlyCommand } from './shell/read-only.ts';
import type { ShellPart } from './shell/shell-part.ts';
import { walkShell } from './shell/shell-walk.ts';
import { showWords } from './shell/shell-word.ts';

/** Decides about every part of a command line. Never empty. */
export async function judgeShell(
  whole: RuleBook,
  action: Extract<Action, { kind: 'shell' }>,
  project: Project,
): Promise<readonly PartVerdict[]> {
  const place = placePaths(project);
  // Outside the sandbox `/tmp` is everybody's.
  const book = action.reach === 'host' ? { ...whole, scratch: [] } : whole;
  const parts = walkShell(action.command, { cwd: action.cwd, home: book.home });
  const verdicts: PartVerdict[] = [];
  for (const part of parts) {
    if (part.kind === 'command') verdicts.push(...(await judgeCommand(book, part, place)));
    else if (part.kind === 'opaque') verdicts.push(judgeOpaque(book, part));
    else {
      const paths = await place(part.path, part.cwds);
      if (paths === undefined) verdicts.push(judgeUnknownFile(book, part));
      for (const path of paths ?? []) {
        verdicts.push(judgePath(book, { access: part.access, path, isShell: true }));
      }
    }
  }
  const { reach } = action;
  if (reach !== undefined) verdicts.push(judgeReach(book, reach, parts.filter(isCommand)));
  if (verdicts.length > 0) return verdicts;
  return [{ text: action.command, verdict: 'allow', reason: 'it runs nothing', remembers: [] }];
}

function isCommand(part: ShellPart): part is CommandPart {
  return part.kind === 'command';
}

function judgeOpaque(book: RuleBook, part: Extract<ShellPart, { kind: 'opaque' }>): PartVerdict {
  const verdict = book.mode === 'plan' ? 'deny' : 'ask';
  return { text: part.text, verdict, reason: part.reason, remembers: [] };
}

function judgeUnknownFile(
  book: RuleBook,
  { text, access }: Extract<ShellPart, { kind: 'redirect' }>,
): PartVerdict {
  if (access === 'write' && book.mode === 'plan') {
    return { text, verdict: 'deny', reason: 'nothing is changed in plan mode', remembers: [] };
  }
  if (access === 'read' && book.mode === 'full') {
    return { text, verdict: 'allow', reason: 'the mode is full', remembers: [] };
  }
  const reason = 'which file it is, is only known when it runs';
  return { text, verdict: 'ask', reason, remembers: [] };
}

/** What leaves the sandbox: every program that does more than read has to be allowed to. */
function judgeReach(
  book: RuleBook,
  reach: 'network' | 'host',
  parts: readonly CommandPart[],
): PartVerdict {
  const text = reach === 'network' ? 'reach the network' : 'run outside the sandbox';
  const remembers: (string | undefined)[] = [];
  for (const part of parts) {
    const words = part.words.slice(part.assignments);
    const fitting = rulesForCommand(book, reach, part.words, variantsOf(part));
    if (fitting.deny !== undefined) {
      return {
        text,
        verdict: 'deny',
        reason: 'a rule denies it',
        rule: fitting.deny,
        remembers: [],
      };
    }
    const isFree = part.isOwnFunction || isReadOnlyCommand(words);
    const allowed = fitting.remembered ?? (fitting.ask === undefined ? fitting.allow : undefined);
    if (isFree || (allowed !== undefined && fitting.mayDeny === undefined)) continue;
    remembers.push(proposeCommandRule(part.words, { isExact: reach === 'host', kind: reach }));
  }
  if (remembers.length === 0 && parts.length > 0) {
    return { text, verdict: 'allow', reason: 'rules allow it', remembers: [] };
  }
  if (book.mode === 'plan') {
    return { text, verdict: 'deny', reason: 'nothing is changed in plan mode', remembers: [] };
  }
  if (reach === 'network' && book.mode === 'full') {
    return { text, verdict: 'allow', reason: 'the mode is full', isDefault: true, remembers: [] };
  }
  const known = remembers.filter((rule) => rule !== undefined);
  const names = parts.map((part) => showWords(part.words)).join('; ');
  const reason = `${names} asks for it`;
  return {
    text,
    verdict: 'ask',
    reason,
    remembers: known.length === remembers.length ? known : [],
  };
}
