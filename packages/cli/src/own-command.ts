/**
 * The command line that starts this program again, to which its arguments are added: the executable that
 * `scripts/build-program.ts` makes, or Bun with the sources.
 */
export function ownCommand(): readonly [string, ...string[]] {
  const { execArgv, execPath } = process;
  return Bun.isStandaloneExecutable ? [execPath] : [execPath, ...execArgv, Bun.main];
}
