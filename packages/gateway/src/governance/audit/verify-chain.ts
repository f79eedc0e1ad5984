import { setImmediate } from 'node:timers/promises';
import type { AuditCheckpointTable, AuditTable } from '../tables.ts';
import { firstHash, hashOf } from './audit-entry.ts';
import type { AuditLog } from './audit-log.ts';
import { cutAction } from './cut-audit.ts';

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
  /** Rows before them that retention has removed, which the chain itself says. */
  removed: number;
  /** The hash of the last that fits; to be kept elsewhere, for `head` of a later walk. */
  head: string;
  fault?: ChainFault;
}

/**
 * Walks along the whole chain to the first row that does not fit. Where retention has removed its
 * beginning, it begins at the checkpoint of that, which an entry further on has to name, too. `head` is a hash that the chain had
 * once: where it has no row of it any more, rows were taken off its end, or all were written anew,
 * which a chain by itself cannot tell. Others have their turn after each page. Throws the signal's reason.
 */
export async function verifyChain(
  log: Pick<AuditLog, 'rowsFrom' | 'checkpoints'>,
  head?: string,
  signal?: AbortSignal,
): Promise<ChainReport> {
  const walk = new ChainWalk(head, await log.checkpoints());
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
  readonly #checkpoints: readonly AuditCheckpointTable[];
  #isFound: boolean;
  #removed = 0;
  #seq = 0;
  #hash = firstHash;
  #isBegun = false;
  /** That the chain begins at, or cuts through what is left of it; until its row has passed. */
  #checkpoint: AuditCheckpointTable | undefined;
  /** Until the chain itself names it. */
  #unnamed: AuditCheckpointTable | undefined;

  constructor(wanted: string | undefined, checkpoints: readonly AuditCheckpointTable[]) {
    this.#wanted = wanted;
    this.#checkpoints = checkpoints;
    this.#isFound =
      wanted === undefined ||
      wanted === firstHash ||
      checkpoints.some(({ hash }) => hash === wanted);
  }

  get next(): number {
    return this.#seq + 1;
  }

  step(row: AuditTable): ChainFault | undefined {
    if (!this.#isBegun) this.#begin(row);
    const fault = faultOf(row, this.next, this.#hash) ?? this.#missed(row);
    if (fault) return fault;
    this.#seq = row.seq;
    this.#hash = row.hash;
    if (row.hash === this.#wanted) this.#isFound = true;
    if (this.#unnamed && row.action === cutAction && isOf(row.detail, this.#unnamed)) {
      this.#unnamed = undefined;
    }
    return undefined;
  }

  end(): ChainFault | undefined {
    const unnamed = this.#unnamed ?? (this.#isBegun ? undefined : this.#checkpoints.at(-1));
    if (unnamed) {
      return {
        seq: 1,
        kind: 'missing',
        message: `rows 1 to ${unnamed.seq} are missing, and no entry ${cutAction} says that they were removed`,
      };
    }
    if (this.#isFound) return undefined;
    const cut = this.#removed > 0 ? `, or it is one of the ${this.#removed} that were removed` : '';
    return {
      seq: this.next,
      kind: 'truncated',
      message: `no row has the hash ${this.#wanted}: rows behind row ${this.#seq} are missing, or the chain was written anew${cut}`,
    };
  }

  report(fault: ChainFault | undefined): ChainReport {
    const removed = this.#removed;
    const entries = this.#seq - removed;
    return { entries, removed, head: this.#hash, ...(fault ? { fault } : {}) };
  }

  /** A chain without its beginning begins where a checkpoint says, or a little before. */
  #begin(row: AuditTable): void {
    this.#isBegun = true;
    const before = row.seq - 1;
    if (before < 1) return;
    const checkpoint = this.#checkpoints.find(({ seq }) => seq >= before);
    if (!checkpoint) return;
    this.#removed = before;
    this.#seq = before;
    this.#unnamed = checkpoint;
    if (checkpoint.seq === before) {
      this.#hash = checkpoint.hash;
      return;
    }
    this.#hash = row.previous_hash;
    this.#checkpoint = checkpoint;
  }

  /** What is left of what was to be removed has to lead to the checkpoint. */
  #missed({ hash, seq }: AuditTable): ChainFault | undefined {
    const checkpoint = this.#checkpoint;
    if (checkpoint?.seq !== seq) return undefined;
    this.#checkpoint = undefined;
    if (checkpoint.hash === hash) return undefined;
    return { seq, kind: 'changed', message: `row ${seq} is not the one at which the log was cut` };
  }
}

function isOf(detail: string, { seq, hash }: AuditCheckpointTable): boolean {
  try {
    const told = JSON.parse(detail);
    return told.seq === seq && told.hash === hash;
  } catch {
    return false;
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
