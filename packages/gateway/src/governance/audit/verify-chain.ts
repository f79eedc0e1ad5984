import { setImmediate } from 'node:timers/promises';
import type { AuditTable } from '../tables.ts';
import { firstHash, hashOf } from './audit-entry.ts';
import type { AuditLog } from './audit-log.ts';

/** They hold the thread for a millisecond or two. */
const pageRows = 250;
/** A row out of place is looked for so far before and behind where it stands. */
const maxMoved = 1_000;

/** The first thing in a chain that is not as it was written. */
interface ChainFault {
  /** Of the row that does not fit, or of the first that is missing. */
  seq: number;
  kind: 'changed' | 'missing' | 'reordered' | 'truncated';
  message: string;
}

/** What a walk along the chain found. */
export interface ChainReport {
  /** Rows that fit, from the first on. */
  entries: number;
  /** The hash of the last that fits; to be kept elsewhere, for `head` of a later walk. */
  head: string;
  fault?: ChainFault;
}

/**
 * Walks along the whole chain to the first row that does not fit. `head` is a hash that the chain had
 * once: where it has no row of it any more, rows were taken off its end, or all were written anew,
 * which a chain by itself cannot tell. Others have their turn after each page. Throws the signal's reason.
 */
export async function verifyChain(
  log: Pick<AuditLog, 'rowsFrom'>,
  head?: string,
  signal?: AbortSignal,
): Promise<ChainReport> {
  const walk = new ChainWalk(head);
  // Nothing is to hide before the first row, either.
  let from = Number.MIN_SAFE_INTEGER;
  for (;;) {
    signal?.throwIfAborted();
    const rows = await log.rowsFrom(from, pageRows);
    for (const row of rows) {
      const fault = walk.step(row);
      if (fault) return walk.report(fault);
    }
    if (rows.length < pageRows) return walk.report(walk.end());
    from = walk.next;
    await setImmediate();
  }
}

class ChainWalk {
  readonly #wanted: string | undefined;
  #isFound: boolean;
  #seq = 0;
  #hash = firstHash;

  constructor(wanted: string | undefined) {
    this.#wanted = wanted;
    this.#isFound = wanted === undefined || wanted === firstHash;
  }

  get next(): number {
    return this.#seq + 1;
  }

  step(row: AuditTable): ChainFault | undefined {
    const fault = faultOf(row, this.next, this.#hash);
    if (fault) return fault;
    this.#seq = row.seq;
    this.#hash = row.hash;
    if (row.hash === this.#wanted) this.#isFound = true;
    return undefined;
  }

  end(): ChainFault | undefined {
    if (this.#isFound) return undefined;
    return {
      seq: this.next,
      kind: 'truncated',
      message: `no row has the hash ${this.#wanted}: rows behind row ${this.#seq} are missing, or the chain was written anew`,
    };
  }

  report(fault: ChainFault | undefined): ChainReport {
    return { entries: this.#seq, head: this.#hash, ...(fault ? { fault } : {}) };
  }
}

function faultOf(row: AuditTable, expected: number, previous: string): ChainFault | undefined {
  if (row.seq < expected) {
    return { seq: row.seq, kind: 'reordered', message: `row ${row.seq} stands before the first` };
  }
  if (row.seq > expected) {
    const last = row.seq - 1;
    const which = last === expected ? `row ${expected} is` : `rows ${expected} to ${last} are`;
    return { seq: expected, kind: 'missing', message: `${which} missing` };
  }
  if (hashOf(row) !== row.hash) {
    const place = placeOf(row);
    return place === undefined
      ? { seq: row.seq, kind: 'changed', message: `row ${row.seq} is not what was written` }
      : { seq: row.seq, kind: 'reordered', message: `row ${row.seq} was row ${place}` };
  }
  if (row.previous_hash === previous) return undefined;
  const before = expected - 1;
  return {
    seq: row.seq,
    kind: 'changed',
    message:
      before === 0
        ? 'row 1 does not begin the chain: what was before it is missing'
        : `row ${row.seq} does not follow row ${before}: one of them was written anew`,
  };
}

/** The number under which a row is what was written; undefined where there is none near. */
function placeOf(row: AuditTable): number | undefined {
  for (let seq = Math.max(1, row.seq - maxMoved); seq <= row.seq + maxMoved; seq++) {
    if (hashOf({ ...row, seq }) === row.hash) return seq;
  }
  return undefined;
}
