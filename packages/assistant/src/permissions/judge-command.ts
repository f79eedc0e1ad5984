import { namesWords } from './command-pattern.ts';
import { judgePath } from './judge-path.ts';
import type { PlacePath } from './place-path.ts';
import { proposeCommandRule } from './propose-rule.ts';
import { protectionOf } from './protected-paths.ts';
import type { Rule } from './rule.ts';
import { type PartVerdict, type RuleBook, rulesForCommand } from './rule-book.ts';
import { dangerOf } from './shell/dangers.ts';
import { fileArguments, mentionedPaths } from './shell/file-arguments.ts';
import { readGitCommand } from './shell/git-command.ts';
import { isReadOnlyCommand } from './shell/read-only.ts';
import type { Folders, PathAccess, ShellPart } from './shell/shell-part.ts';
import { showWords } from './shell/shell-word.ts';

export type CommandPart = Extract<ShellPart, { kind: 'command' }>;

/** Decides about one program with its words, and about the files that they name. */
export async function judgeCommand(
  book: RuleBook,
  part: CommandPart,
  place: PlacePath,
): Promise<readonly PartVerdict[]> {
  const own = judgeWords(book, part);
  const isReadOnly = own.verdict === 'allow' && own.rule === undefined;
  if (own.verdict === 'allow') {
    return [own, ...(await judgeFiles(book, part, place, { isReadOnly, allowedBy: own.rule }))];
  }
  // What is left to ask once the command itself is allowed.
  const files = await judgeFiles(book, part, place, { isReadOnly, allowedBy: agreed });
  return [own, ...files.filter(({ verdict }) => verdict !== 'allow')];
}

/** Stands for the answer that a question about the command may get. */
const agreed: Rule = {
  verdict: 'allow',
  text: 'shell',
  subject: { kind: 'shell', pattern: undefined },
  origin: { kind: 'session' },
};

/** Other ways to say the same, which rules that deny or ask see too. */
export function variantsOf(part: CommandPart): readonly (readonly string[])[] {
  const words = part.words.slice(part.assignments);
  const [name = '', ...args] = words;
  const plain = [name.slice(name.lastIndexOf('/') + 1), ...args];
  if (plain[0] !== 'git') return [words, plain];
  const { subcommand, args: rest } = readGitCommand(plain);
  return [words, plain, ['git', ...(subcommand === undefined ? [] : [subcommand]), ...rest]];
}

function judgeWords(book: RuleBook, part: CommandPart): PartVerdict {
  const text = showWords(part.words);
  const words = part.words.slice(part.assignments);
  const fitting = rulesForCommand(book, 'shell', part.words, variantsOf(part));
  const danger = dangerOf(words);
  const decide = (verdict: PartVerdict['verdict'], reason: string, rule?: Rule): PartVerdict => ({
    text,
    verdict,
    reason,
    remembers: verdict === 'ask' ? proposals(part, danger !== undefined) : [],
    ...(rule === undefined ? {} : { rule }),
  });
  if (fitting.deny !== undefined) return decide('deny', 'a rule denies it', fitting.deny);
  const isOwn = part.assignments === 0 && part.isOwnFunction;
  const isPlain = part.assignments === 0 && isReadOnlyCommand(words);
  if (book.mode === 'plan' && !isOwn && !isPlain) {
    return decide('deny', 'nothing is changed in plan mode, and this may change something');
  }
  const allows = (rule: Rule | undefined): boolean =>
    rule !== undefined && (danger === undefined || namesWords(rule.subject.pattern, danger.key));
  if (allows(fitting.remembered)) return decide('allow', 'a rule allows it', fitting.remembered);
  if (fitting.mayDeny !== undefined) {
    return decide('ask', 'it may turn out to be what a rule denies', fitting.mayDeny);
  }
  if (fitting.ask !== undefined) return decide('ask', 'a rule asks', fitting.ask);
  if (allows(fitting.allow)) return decide('allow', 'a rule allows it', fitting.allow);
  if (danger !== undefined) return decide('ask', danger.reason);
  if (isOwn) return decide('allow', 'it is a function of this command line');
  if (isPlain) return decide('allow', 'it only reads');
  if (book.mode === 'full') return { ...decide('allow', 'the mode is full'), isDefault: true };
  return { ...decide('ask', 'no rule allows it'), isDefault: true };
}

function proposals(part: CommandPart, isExact: boolean): readonly string[] {
  const rule = proposeCommandRule(part.words, { isExact, kind: 'shell' });
  return rule === undefined ? [] : [rule];
}

interface Known {
  readonly isReadOnly: boolean;
  readonly allowedBy: Rule | undefined;
}

async function judgeFiles(
  book: RuleBook,
  part: CommandPart,
  place: PlacePath,
  known: Known,
): Promise<PartVerdict[]> {
  const words = part.words.slice(part.assignments);
  const verdicts: PartVerdict[] = [];
  const named = new Set<string>();
  for (const { access, path, destroys } of fileArguments(words)) {
    named.add(path);
    const paths = await place(path, part.cwds);
    if (paths === undefined) verdicts.push(judgeUnknown(book, part, access, known));
    for (const each of paths ?? []) {
      const use = { access, path: each, isShell: true, allowedBy: known.allowedBy, destroys };
      verdicts.push(judgePath(book, use));
    }
  }
  for (const word of mentionedPaths(words)) {
    if (named.has(word)) continue;
    verdicts.push(...(await judgeMention(book, word, part.cwds, place, known)));
  }
  return verdicts;
}

/** A file that is only known when the command runs. */
function judgeUnknown(
  book: RuleBook,
  part: CommandPart,
  access: PathAccess,
  { allowedBy }: Known,
): PartVerdict {
  const text = `${access} what ${showWords(part.words)} names`;
  if (allowedBy !== undefined) {
    const reason = 'a rule allows the command';
    return { text, verdict: 'allow', reason, rule: allowedBy, remembers: [] };
  }
  const isFree = access === 'read' && book.mode === 'full';
  const reason = isFree ? 'the mode is full' : 'which file it is, is only known when it runs';
  const remembers = isFree ? [] : proposals(part, false);
  return { text, verdict: isFree ? 'allow' : 'ask', reason, remembers };
}

/** A word of a program that is not known here, and that may be a file all the same. */
async function judgeMention(
  book: RuleBook,
  word: string,
  cwds: Folders,
  place: PlacePath,
  known: Known,
): Promise<PartVerdict[]> {
  const paths = (await place(word, cwds)) ?? [];
  return paths
    .filter((path) => {
      if (protectionOf(path, 'read', book) !== undefined) return true;
      if (known.isReadOnly) return /^\/|(?:^|\/)\.\.(?:\/|$)/.test(word);
      return false;
    })
    .map((path) =>
      judgePath(book, { access: 'read', path, isShell: true, allowedBy: known.allowedBy }),
    )
    .concat(
      paths
        .map((path) => judgePath(book, { access: 'read', path, isShell: true }))
        .filter(({ rule }) => rule !== undefined && rule.verdict !== 'allow'),
    );
}
