import { coveredLines, type LineHits } from './coverage.ts';
import type { TestRuns } from './test-runs.ts';

/** Tests of one unit: a file, or the files that its runner only runs together. */
export type UnitVerdict =
  | {
      readonly kind: 'kept';
      readonly files: readonly string[];
      /** Undefined where the runner does not say. */
      readonly passed: number | undefined;
      /** Lines of the target that nothing ran before; undefined where that is not known. */
      readonly newLines: readonly number[] | undefined;
      readonly hits: LineHits | undefined;
    }
  | {
      readonly kind: 'failed' | 'flaky' | 'useless';
      readonly files: readonly string[];
      /** For people, and for the model that may mend it. */
      readonly reason: string;
    };

/**
 * Judges new and changed tests, unit by unit: each has to pass twice, and to run lines that neither the
 * tests before nor the units kept so far run. Where lines are not known, passing is all.
 */
export async function judgeTests(
  runs: TestRuns,
  files: readonly string[],
  before: LineHits | undefined,
  signal: AbortSignal,
): Promise<readonly UnitVerdict[]> {
  const covered = new Set(before === undefined ? [] : coveredLines(before));
  const verdicts: UnitVerdict[] = [];
  for (const unit of Map.groupBy(files, (file) => runs.unitOf(file)).values()) {
    const verdict = await judgeUnit(runs, unit, before === undefined ? undefined : covered, signal);
    if (verdict.kind === 'kept') for (const line of verdict.newLines ?? []) covered.add(line);
    verdicts.push(verdict);
  }
  return verdicts;
}

async function judgeUnit(
  runs: TestRuns,
  files: readonly string[],
  covered: ReadonlySet<number> | undefined,
  signal: AbortSignal,
): Promise<UnitVerdict> {
  const first = await runs.run(files, signal);
  if (!first.isPassed) {
    const what = first.passed === 0 && first.isEmpty ? 'no test ran' : 'it does not pass';
    return { kind: 'failed', files, reason: `${what}:\n${first.text}` };
  }
  const second = await runs.run(files, signal);
  if (!second.isPassed || second.passed !== first.passed) {
    const reason = `it passed once, and then did not:\n${second.text}`;
    return { kind: 'flaky', files, reason };
  }
  const { passed } = second;
  const { hits } = covered === undefined ? { hits: undefined } : await runs.cover(files, signal);
  if (covered === undefined || hits === undefined) {
    return { kind: 'kept', files, passed, newLines: undefined, hits };
  }
  const newLines = coveredLines(hits).filter((line) => !covered.has(line));
  if (newLines.length > 0) return { kind: 'kept', files, passed, newLines, hits };
  return { kind: 'useless', files, reason: 'it runs no line that was not run before' };
}
