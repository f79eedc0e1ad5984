import { markdownTable } from '../gateway/report/markdown.ts';
import type { Shown } from './score.ts';

const bins = 10;
const barCharacters = 20;

/**
 * A reliability diagram: of all best suggestions with about the same confidence, how many were right.
 * And the expected calibration error, the mean distance of the two.
 */
export function reliability(all: readonly Shown[]): string {
  let error = 0;
  const rows = Array.from({ length: bins }, (_, bin) => {
    const some = all.filter(
      ({ confidence }) => Math.min(bins - 1, Math.floor(confidence * bins)) === bin,
    );
    const said = some.reduce((sum, { confidence }) => sum + confidence, 0) / some.length;
    const right = some.filter(({ isRight }) => isRight).length / some.length;
    if (some.length > 0) error += (some.length / all.length) * Math.abs(said - right);
    const range = `${(bin / bins).toFixed(1)}-${((bin + 1) / bins).toFixed(1)}`;
    const bar = some.length === 0 ? '' : '█'.repeat(Math.round(right * barCharacters));
    return [range, share(said), share(right), String(some.length), bar.padEnd(barCharacters)];
  });
  const header = ['confidence', 'said', 'right', 'places', 'right, drawn'];
  return `${markdownTable(header, rows)}\n\nExpected calibration error: ${error.toFixed(3)}.`;
}

/** `0.713`, or `-` of nothing. */
export function share(value: number): string {
  return Number.isNaN(value) ? '-' : value.toFixed(3);
}
