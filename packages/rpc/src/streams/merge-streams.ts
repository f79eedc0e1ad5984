/** An item of a merged stream, and which of the sources it is from. */
export interface Merged<T> {
  readonly source: number;
  readonly value: T;
}

/**
 * Makes one stream of several: items come in the order in which the sources have them, and those of
 * one source stay in order. Of each source at most one item is read ahead. It ends when all have
 * ended; the first error ends it, and the other sources are closed, as they are when the reader
 * leaves.
 */
export async function* mergeStreams<T>(
  sources: readonly AsyncIterable<T>[],
): AsyncGenerator<Merged<T>, void, undefined> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  const pending = new Map<number, Promise<[source: number, result: IteratorResult<T>]>>();
  const read = async (
    iterator: AsyncIterator<T>,
    source: number,
  ): Promise<[source: number, result: IteratorResult<T>]> => [source, await iterator.next()];
  const open = new Set(iterators);
  try {
    for (const [source, iterator] of iterators.entries()) {
      pending.set(source, read(iterator, source));
    }
    while (pending.size > 0) {
      const [source, result] = await Promise.race(pending.values());
      // Behind the others, so that a source that always has something does not starve them.
      pending.delete(source);
      const iterator = iterators[source] as AsyncIterator<T>;
      if (result.done) {
        open.delete(iterator);
        continue;
      }
      yield { source, value: result.value };
      pending.set(source, read(iterator, source));
    }
  } finally {
    for (const waiting of pending.values()) waiting.catch(() => {});
    // Not awaited one by one: a source that hangs in `next` would hold the reader who has left.
    for (const iterator of open) void closed(iterator);
  }
}

async function closed(iterator: AsyncIterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // The merged stream has its own end already.
  }
}
