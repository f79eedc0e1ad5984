/** How much of what stands before a cursor has to be the same, beside its length. */
const comparedCharacters = 1_024;
/** What one entry takes beside its texts, about. */
const entryBytes = 256;
/** Memory that all entries may take. */
const maxBytes = 64 * 1024 * 1024;
/** Completions at different cursors of one document that are kept. */
const maxPerDocument = 256;

export interface CompletionCacheOptions {
  /** 0: nothing is kept. */
  readonly maxEntries: number;
  readonly ttlMs: number;
  readonly now: () => number;
}

/** A place that completions are kept for. */
export interface CachePlace {
  /** Whose document it is: project, path and model. */
  readonly document: string;
  readonly prefix: string;
  readonly suffix: string;
}

export interface CachedCompletion {
  readonly text: string;
  readonly provider: string;
  readonly model: string;
  readonly confidence: number;
}

interface Entry extends CachedCompletion {
  readonly group: string;
  readonly prefixLength: number;
  readonly prefixTail: string;
  readonly expiresAt: number;
  readonly bytes: number;
}

/**
 * Completions of models, the ones used longest ago go first. A place hits where its document is the same
 * behind the cursor and before it, or has the beginning of a completion typed since: then the rest
 * of that is the hit, of the longest text that is known before the cursor.
 */
export class CompletionCache {
  readonly #options: CompletionCacheOptions;
  /** By when they were used. */
  readonly #entries = new Set<Entry>();
  readonly #groups = new Map<string, Set<Entry>>();
  #bytes = 0;

  constructor(options: CompletionCacheOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(place: CachePlace): CachedCompletion | undefined {
    const group = this.#groups.get(groupOf(place));
    if (group === undefined) return undefined;
    const now = this.#options.now();
    let best: { readonly entry: Entry; readonly typed: number } | undefined;
    for (const entry of group) {
      if (entry.expiresAt <= now) this.#remove(entry);
      else {
        const typed = typedOf(entry, place.prefix);
        if (typed !== undefined && (best === undefined || typed < best.typed)) {
          best = { entry, typed };
        }
      }
    }
    if (best === undefined) return undefined;
    const { entry, typed } = best;
    this.#entries.delete(entry);
    this.#entries.add(entry);
    return { ...entry, text: entry.text.slice(typed) };
  }

  set(place: CachePlace, completion: CachedCompletion): void {
    const { maxEntries, now, ttlMs } = this.#options;
    if (maxEntries === 0 || completion.text === '') return;
    const { prefix } = place;
    const prefixTail = prefix.slice(-comparedCharacters);
    const entry: Entry = {
      ...completion,
      group: groupOf(place),
      prefixLength: prefix.length,
      prefixTail,
      expiresAt: now() + ttlMs,
      bytes: entryBytes + 2 * (prefixTail.length + completion.text.length),
    };
    const group = this.#groups.get(entry.group) ?? new Set();
    this.#groups.set(entry.group, group);
    for (const other of group) if (isSamePlace(other, entry)) this.#remove(other);
    const [first] = group;
    if (group.size >= maxPerDocument && first !== undefined) this.#remove(first);
    // Removing the last of a group takes the group away.
    this.#groups.set(entry.group, group.add(entry));
    this.#entries.add(entry);
    this.#bytes += entry.bytes;
    for (const oldest of this.#entries) {
      if (this.#entries.size <= maxEntries && this.#bytes <= maxBytes) break;
      this.#remove(oldest);
    }
  }

  #remove(entry: Entry): void {
    if (!this.#entries.delete(entry)) return;
    this.#bytes -= entry.bytes;
    const group = this.#groups.get(entry.group);
    group?.delete(entry);
    if (group?.size === 0) this.#groups.delete(entry.group);
  }
}

function groupOf({ document, suffix }: CachePlace): string {
  return `${document}\0${suffix.length}\0${Bun.hash(suffix)}`;
}

/** How much of an entry's text is typed already, where the rest fits; undefined where it does not. */
function typedOf(entry: Entry, prefix: string): number | undefined {
  const typed = prefix.length - entry.prefixLength;
  if (typed < 0 || typed >= entry.text.length) return undefined;
  if (!entry.text.startsWith(prefix.slice(prefix.length - typed, prefix.length))) return undefined;
  const from = entry.prefixLength - entry.prefixTail.length;
  return prefix.startsWith(entry.prefixTail, from) ? typed : undefined;
}

function isSamePlace(one: Entry, other: Entry): boolean {
  return one.prefixLength === other.prefixLength && one.prefixTail === other.prefixTail;
}
