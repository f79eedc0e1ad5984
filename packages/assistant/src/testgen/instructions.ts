import { relative } from 'node:path';
import { cutText } from '../sessions/cut-text.ts';
import { coveredLines, type LineHits } from './coverage.ts';
import type { TestRunner } from './find-runner.ts';
import type { UnitVerdict } from './judge-tests.ts';
import { runnerKinds } from './runner-kinds.ts';

/** What the model is told of one unit that is not kept, in characters. */
const maxToldLength = 12_000;
/** Ranges of lines that it is told of. */
const maxRanges = 60;

export interface FirstInstruction {
  /** Relative to the project's root. */
  readonly target: string;
  readonly root: string;
  readonly runner: TestRunner;
  readonly before: LineHits | undefined;
  /** What the user says of it. */
  readonly hint?: string;
}

/** What the model is told to do. */
export function firstInstruction(options: FirstInstruction): string {
  const { before, hint, root, runner, target } = options;
  const folder = relative(root, runner.cwd) || '.';
  const { filesInWords = 'with the files to run after it' } = runnerKinds[runner.name];
  return [
    `Write tests for ${target}.`,
    `Read it, what it stands on, and the tests that are there already: write yours as they are written here, with the same helpers, names and places. ${missing(before)}`,
    'A test says what the code is meant to do, by its documentation, its names and its callers: it checks results, not that something was called. Never write a test down from what the code happens to do where that looks wrong: leave it out and say so at the end. No test that cannot fail, no sleeping, no network, nothing random.',
    `You can write files with tests only, and run one command, in ${folder}: \`${runner.command}\`, ${filesInWords}. Put tests that stand by themselves into files of their own: a file is kept or dropped as a whole. It is kept if all of it passes, twice, and if it runs lines of ${target} that no test ran before.`,
    ...(hint === undefined ? [] : [`The user says: ${hint}`]),
    'End with a few words about what you tested, and what looks wrong in the code.',
  ].join('\n\n');
}

function missing(before: LineHits | undefined): string {
  if (before === undefined) return 'Which lines tests run today is not known.';
  if (before.size === 0) return 'No test runs any line of it today.';
  const lines = missingLines(before);
  if (lines.length === 0) return 'Tests run every line of it today.';
  return `No test runs these lines of it today: ${ranges(lines)}.`;
}

/** What the model is told of units that cannot be kept as they are. */
export function nextInstruction(verdicts: readonly UnitVerdict[], before: LineHits | undefined) {
  const told = verdicts.flatMap((verdict) =>
    verdict.kind === 'kept'
      ? []
      : [`${verdict.files.join(', ')}: ${cutText(verdict.reason, maxToldLength)}`],
  );
  const left = before === undefined ? [] : missingLines(withKept(before, verdicts));
  return [
    'These cannot be kept as they are. Mend them if the test is wrong. If the code is wrong, take the test out, and say so at the end: a test is not bent until it passes.',
    ...told,
    ...(left.length === 0 ? [] : [`No test runs these lines yet: ${ranges(left)}.`]),
  ].join('\n\n');
}

function withKept(before: LineHits, verdicts: readonly UnitVerdict[]): LineHits {
  const all = new Map(before);
  for (const verdict of verdicts) {
    if (verdict.kind !== 'kept') continue;
    for (const [line, count] of verdict.hits ?? []) all.set(line, (all.get(line) ?? 0) + count);
  }
  return all;
}

function missingLines(hits: LineHits): number[] {
  const covered = new Set(coveredLines(hits));
  return [...hits.keys()].filter((line) => !covered.has(line)).toSorted((a, b) => a - b);
}

/** `3, 5-8`, for lines in order. */
function ranges(lines: readonly number[]): string {
  const found: [number, number][] = [];
  for (const line of lines) {
    const last = found.at(-1);
    if (last !== undefined && last[1] === line - 1) last[1] = line;
    else found.push([line, line]);
  }
  const told = found
    .slice(0, maxRanges)
    .map(([from, to]) => (from === to ? from : `${from}-${to}`));
  const rest = found.length - told.length;
  return told.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
