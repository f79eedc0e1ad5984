const heading = /^(\S+\.test\.ts):$/;
const failure = /^\(fail\) /;
/** Where Bun's own `node:quic` throws, in a callback that none of ours is part of. */
const ownOfRuntime = 'internal:quic/quic';

/**
 * The files whose tests failed by nothing but an exception within Bun's `node:quic`, told of whichever
 * test runs at that moment (docs/decisions/0019); undefined where any test failed by anything else.
 * Takes what `bun test` printed.
 */
export function filesBlamedForRuntime(output: string): string[] | undefined {
  const files = new Set<string>();
  let file: string | undefined;
  let lines: string[] = [];
  for (const line of output.split('\n')) {
    const named = heading.exec(line)?.[1];
    if (named !== undefined) {
      file = named;
      lines = [];
    } else if (!failure.test(line)) lines.push(line);
    else {
      if (file === undefined || !lines.some((each) => each.includes(ownOfRuntime)))
        return undefined;
      files.add(file);
      lines = [];
    }
  }
  return files.size === 0 ? undefined : [...files];
}
