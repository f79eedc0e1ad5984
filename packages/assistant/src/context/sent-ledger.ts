import { unifiedDiff } from '../tools/files/unified-diff.ts';

/** How a file is told to a model that may have seen it. */
export type Telling =
  | { readonly kind: 'whole' }
  | { readonly kind: 'unchanged' }
  /** The unified diff from what was sent; shorter than half of the file. */
  | { readonly kind: 'changed'; readonly diff: string };

/** Text that is remembered of one session, in UTF-16 units: the file sent longest ago goes first. */
const maxRemembered = 2_000_000;

/**
 * What one session has sent of which file, so that it is not sent again: one that is the same is
 * referred to, of one that changed the difference is told. To be cleared when the conversation no
 * longer holds what was sent.
 */
export class SentLedger {
  readonly #texts = new Map<string, string>();
  #length = 0;

  /** The model has been sent all of this file. */
  note(path: string, text: string): void {
    this.forget(path);
    if (text.length > maxRemembered) return;
    this.#texts.set(path, text);
    this.#length += text.length;
    for (const [oldest] of this.#texts) {
      if (this.#length <= maxRemembered) return;
      this.forget(oldest);
    }
  }

  /** How the file is to be told, now that its text is this. */
  tell(path: string, text: string): Telling {
    const sent = this.#texts.get(path);
    if (sent === undefined) return { kind: 'whole' };
    if (sent === text) return { kind: 'unchanged' };
    const { diff } = unifiedDiff(path, sent, text);
    return diff.length < text.length / 2 ? { kind: 'changed', diff } : { kind: 'whole' };
  }

  forget(path: string): void {
    this.#length -= this.#texts.get(path)?.length ?? 0;
    this.#texts.delete(path);
  }

  clear(): void {
    this.#texts.clear();
    this.#length = 0;
  }
}
