import { resolve } from 'node:path';

/** Of one file: how often each line that can run was run, by its number from 1. */
export type LineHits = ReadonlyMap<number, number>;

/**
 * What a report in the form of lcov says of one file (absolute); paths in it start at `folder`. No line
 * is known of a file that the report does not name. Source: geninfo(1), "FILES".
 */
export function lcovHits(report: string, folder: string, file: string): LineHits {
  const hits = new Map<number, number>();
  let isInFile = false;
  for (const row of report.split('\n')) {
    if (row.startsWith('SF:')) isInFile = resolve(folder, row.slice(3).trim()) === file;
    if (!isInFile || !row.startsWith('DA:')) continue;
    const [line = NaN, count = NaN] = row.slice(3).split(',').map(Number);
    if (Number.isInteger(line) && count >= 0) hits.set(line, (hits.get(line) ?? 0) + count);
  }
  return hits;
}

/** A block with more lines than this is no code that anybody wrote. */
const maxBlockLines = 100_000;

/**
 * What a profile of `go test -coverprofile` says of one file, which it calls by its import path. A line
 * is run where a block on it was. Source: https://pkg.go.dev/golang.org/x/tools/cover#Profile
 */
export function goHits(profile: string, importPath: string): LineHits {
  const hits = new Map<number, number>();
  for (const row of profile.split('\n')) {
    const match = /^(.+):(\d+)\.\d+,(\d+)\.\d+ \d+ (\d+)\s*$/.exec(row);
    if (match === null || match[1] !== importPath) continue;
    const [start, end, count] = [Number(match[2]), Number(match[3]), Number(match[4])];
    if (end - start > maxBlockLines) continue;
    for (let line = start; line <= end; line++) hits.set(line, (hits.get(line) ?? 0) + count);
  }
  return hits;
}

/** Lines that were run at least once, in order. */
export function coveredLines(hits: LineHits): number[] {
  return [...hits]
    .flatMap(([line, count]) => (count > 0 ? [line] : []))
    .toSorted((one, other) => one - other);
}
