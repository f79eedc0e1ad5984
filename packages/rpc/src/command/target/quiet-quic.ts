let isQuiet = false;

/**
 * Keeps the runtime from telling the user of a command that `node:quic` is experimental, which is no
 * news to them and nothing that they can change.
 */
export function quietQuic(): void {
  if (isQuiet) return;
  isQuiet = true;
  const emit = process.emitWarning.bind(process) as (...args: unknown[]) => void;
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (!/^quic is an experimental feature/i.test(String(warning))) emit(warning, ...rest);
  }) as typeof process.emitWarning;
}
