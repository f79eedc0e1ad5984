import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the tests of a folder have run. */
export interface LineCoverage {
  /** Share of the lines that have code, 0 to 1. */
  readonly share: number;
  /** Files that no test has loaded in its own process, such as those for another runtime. */
  readonly unloaded: readonly string[];
}

/**
 * Reads a report in the format of lcov. Generated code, tests and what is for tests only is left
 * out.
 */
export function lineCoverage(reportFile: string, folder: string): LineCoverage {
  let found = 0;
  let hit = 0;
  const loaded = new Set<string>();
  for (const record of readFileSync(reportFile, 'utf8').split('end_of_record')) {
    const file = /^SF:(.*)$/m.exec(record)?.[1];
    if (file === undefined || !file.startsWith(`${folder}/`) || !isOwn(file)) continue;
    loaded.add(file);
    found += Number(/^LF:(\d+)$/m.exec(record)?.[1] ?? 0);
    hit += Number(/^LH:(\d+)$/m.exec(record)?.[1] ?? 0);
  }
  const all = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => join(folder, file))
    .filter((file) => file.endsWith('.ts') && isOwn(file) && hasCode(file));
  return {
    share: found === 0 ? 0 : hit / found,
    unloaded: all.filter((file) => !loaded.has(file)).sort(),
  };
}

function isOwn(file: string): boolean {
  return !/(\.test\.ts$|\/(gen|testing|fixtures|browser)\/)/.test(file);
}

/** A file of types or of exports alone leaves nothing to run. */
function hasCode(file: string): boolean {
  return /^(export )?(async )?(function|class|abstract class|const|let)\b/m.test(
    readFileSync(file, 'utf8'),
  );
}
