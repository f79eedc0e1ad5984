/** Waits so many milliseconds, or until one of the signals aborts; which of them, its owner sees. */
export async function pause(ms: number, ...signals: readonly AbortSignal[]): Promise<void> {
  if (signals.some(({ aborted }) => aborted)) return;
  const done = Promise.withResolvers<void>();
  const timer = setTimeout(done.resolve, ms);
  const stop = () => done.resolve();
  for (const signal of signals) signal.addEventListener('abort', stop, { once: true });
  await done.promise;
  clearTimeout(timer);
  for (const signal of signals) signal.removeEventListener('abort', stop);
}
