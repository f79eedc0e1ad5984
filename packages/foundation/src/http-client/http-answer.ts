/** The headers of an answer; names are asked for and told in lower case. `Headers` is one, too. */
export interface HttpHeaders {
  /** Several of one name are one value, joined by `, `. */
  get(name: string): string | null;
  forEach(visit: (value: string, name: string) => void): void;
}

/** An answer whose head is there. Its body is read once, by `read` to its end or by `readAll`. */
export interface HttpAnswer {
  readonly status: number;
  /** Whether the status is 2xx. */
  readonly ok: boolean;
  readonly headers: HttpHeaders;
  /**
   * The next bytes of the body: themselves where they are at hand, else a promise of them; undefined
   * at the end. One at a time. Throws or rejects with what cut the answer short, or with the reason
   * of the request's signal. A body that nobody reads stops its server after some 256 KB.
   */
  read(): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** Whether `read` answers at once: with bytes, with the end, or by throwing. */
  readonly isAtHand: boolean;
  /** The rest is not wanted: closes the connection unless all has come. */
  cancel(): void;
}

/**
 * All bytes of the body; throws what `over` makes when there are more than `maxBytes`. `onChunk`
 * hears of every sign of life.
 */
export async function readAll(
  answer: HttpAnswer,
  maxBytes: number,
  over: (maxBytes: number) => Error,
  onChunk?: () => void,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const next = answer.read();
    const chunk = next instanceof Promise ? await next : next;
    if (chunk === undefined) break;
    onChunk?.();
    length += chunk.length;
    if (length > maxBytes) {
      answer.cancel();
      throw over(maxBytes);
    }
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}
