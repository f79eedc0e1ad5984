import type { Caller } from '../authenticate.ts';
import type { KeyStore, ReadMark } from '../key-store.ts';

/** A caller without a key, as it is remembered by what it shows. */
export interface KnownCaller {
  caller: Caller;
  /** When the database was asked about the caller. */
  mark: ReadMark;
  /** Asks again. */
  find: () => Promise<Caller>;
}

/**
 * Asks the database again who a caller is, and remembers it. While the database is away it is who it
 * was, as long as keys are believed then. Throws what `find` throws.
 */
export function foundAgain(keys: KeyStore, known: KnownCaller): Promise<Caller> {
  const mark = keys.mark();
  const before = { value: known.caller, readAt: known.mark.readAt };
  return keys.outage.read(before, async () => {
    known.caller = await known.find();
    known.mark = mark;
    return known.caller;
  });
}
