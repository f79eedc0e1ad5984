import type { TranslationNote } from './dialect.ts';

/**
 * Gathers what a request loses or has changed on its way into a dialect. A field is named once, by
 * the first thing that is said of it; `how` is a few words of ASCII, for they go into a header.
 */
export class TranslationNotes {
  readonly #byField = new Map<string, TranslationNote>();

  /** The field has no room and is left out, with all that was said of its parts. */
  dropped(field: string, how?: string): void {
    for (const named of this.#byField.keys()) {
      if (named.startsWith(`${field}.`)) this.#byField.delete(named);
    }
    this.#add({ field, action: 'dropped', ...(how === undefined ? {} : { how }) });
  }

  /** The field goes out in another shape. */
  mapped(field: string, how: string): void {
    this.#add({ field, action: 'mapped', how });
  }

  get list(): TranslationNote[] {
    return [...this.#byField.values()];
  }

  #add(note: TranslationNote): void {
    if (!this.#byField.has(note.field)) this.#byField.set(note.field, note);
  }
}
