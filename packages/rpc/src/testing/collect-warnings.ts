/** Runs something that warns, and gives the warnings back instead of printing them. */
export async function collectWarnings(run: () => Promise<void>): Promise<string[]> {
  const warnings: string[] = [];
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error) => {
    warnings.push(String(warning));
  };
  try {
    await run();
  } finally {
    process.emitWarning = emitWarning;
  }
  return warnings;
}
