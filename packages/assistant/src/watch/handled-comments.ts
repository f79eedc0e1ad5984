import type { AiComment } from './ai-comment.ts';

/** Comments that are no commands any more, until they change: by path, how often each stands there. */
export class HandledComments {
  readonly #files = new Map<string, Map<string, number>>();

  add({ path, text }: AiComment): void {
    const counts = this.#files.get(path) ?? new Map<string, number>();
    counts.set(text, (counts.get(text) ?? 0) + 1);
    this.#files.set(path, counts);
  }

  /** Forgets what does not stand in the file any more: typed again, it is a command again. */
  keep(path: string, found: readonly AiComment[]): void {
    const counts = this.#files.get(path);
    if (counts === undefined) return;
    const there = countTexts(found);
    for (const [text, count] of counts) {
      const left = Math.min(count, there.get(text) ?? 0);
      if (left > 0) counts.set(text, left);
      else counts.delete(text);
    }
    if (counts.size === 0) this.#files.delete(path);
  }

  /** Those of a file's comments that are not handled. */
  others(path: string, found: readonly AiComment[]): readonly AiComment[] {
    return without(found, this.#files.get(path) ?? new Map());
  }
}

/** `found` without those that `counts` has, each as often as it has them. */
export function without(
  found: readonly AiComment[],
  counts: ReadonlyMap<string, number>,
): readonly AiComment[] {
  const left = new Map(counts);
  return found.filter(({ text }) => {
    const count = left.get(text) ?? 0;
    left.set(text, count - 1);
    return count <= 0;
  });
}

/** How often each text stands among comments. */
export function countTexts(comments: readonly AiComment[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { text } of comments) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}
