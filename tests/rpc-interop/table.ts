import { type CaseName, caseNames } from './cases/case-names.ts';
import type { PairResult } from './run-pair.ts';

/** Of a fault. */
const shownCharacters = 1_500;

const legend = `ok: passed · FAIL: failed · rd: passed, and the server cannot tell what was compressed · -: the peer cannot\n`;

/** A line for each pair, a column for each case. */
export function table(results: readonly PairResult[]): string {
  const width = Math.max(...results.map(({ title }) => title.length), 0) + 2;
  const head = caseNames.map((_name, index) => String(index + 1).padStart(5)).join('');
  const lines = results.map(
    (result) =>
      result.title.padEnd(width) + caseNames.map((name) => cell(result, name).padStart(5)).join(''),
  );
  const names = caseNames.map((name, index) => `${String(index + 1).padStart(3)} ${name}`);
  return `\n${''.padEnd(width)}${head}\n${lines.join('\n')}\n\n${names.join('\n')}\n${legend}\n`;
}

/** What went wrong. */
export function explained(results: readonly PairResult[]): string {
  return results
    .flatMap(({ title, faults }) =>
      [...faults].map(([name, fault]) =>
        fault === undefined
          ? ''
          : `\nFAIL ${title} ${name}\n  ${fault.slice(0, shownCharacters).replaceAll('\n', '\n  ')}\n`,
      ),
    )
    .join('');
}

function cell({ faults, isCompressionUnchecked }: PairResult, name: CaseName): string {
  if (!faults.has(name)) return '-';
  if (faults.get(name) !== undefined) return 'FAIL';
  return isCompressionUnchecked && name.startsWith('client_compressed') ? 'rd' : 'ok';
}
