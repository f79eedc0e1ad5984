const heading = /^(\S+\.test\.ts):$/;
const failure = /^\(fail\) (.*)$/;
/** Where Bun's own `node:quic` throws, in a callback that none of ours is part of. */
const ownOfRuntime = 'internal:quic/quic';

export interface TestFailure {
  readonly file: string;
  /** The test, its groups before it, and how long it took. */
  readonly test: string;
  /** Whether an exception within Bun's `node:quic` is told of it (docs/decisions/0019). */
  readonly isOfRuntime: boolean;
}

/** The tests that failed, of what `bun test` printed. */
export function testFailures(output: string): TestFailure[] {
  const failures: TestFailure[] = [];
  let file = '';
  let isOfRuntime = false;
  for (const line of output.split('\n')) {
    const named = heading.exec(line)?.[1];
    const test = failure.exec(line)?.[1];
    if (test !== undefined) failures.push({ file, test, isOfRuntime });
    if (named !== undefined) file = named;
    if (named !== undefined || test !== undefined) isOfRuntime = false;
    else isOfRuntime ||= line.includes(ownOfRuntime);
  }
  return failures;
}

/**
 * The files whose tests failed by nothing but an exception within Bun's `node:quic`, told of whichever
 * test runs at that moment; undefined where none failed, or any by anything else.
 */
export function filesBlamedForRuntime(failures: readonly TestFailure[]): string[] | undefined {
  if (!failures.every(({ file, isOfRuntime }) => isOfRuntime && file !== '')) return undefined;
  return failures.length === 0 ? undefined : [...new Set(failures.map(({ file }) => file))];
}
