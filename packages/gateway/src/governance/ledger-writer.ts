import type { Logger, Spool, Storage } from '@zeke/foundation';
import { spendOf } from './budgets/spend.ts';
import { DayTable } from './day-table.ts';
import type { Cost, LedgerEntry } from './ledger.ts';
import { decodeBatch, encodeBatch, type LedgerBatch, timesOf, writeBatch } from './ledger-batch.ts';
import { ledgerColumns, rowOf, wholeOf } from './ledger-row.ts';
import type { GatewayTables } from './tables.ts';

export interface LedgerWriterOptions {
  storage: Storage<GatewayTables>;
  /** The cost of each entry, null where the model's price is not known. */
  price: (entries: readonly LedgerEntry[]) => Promise<(Cost | null)[]>;
  log: Logger;
  /** Where batches go that the database does not take; without it they are held in memory. */
  spool?: Spool | undefined;
  /** Called when entries are kept for good, with what each was charged to its spenders, in micro-USD. */
  onWritten?: ((entries: readonly LedgerEntry[], charges: readonly number[]) => void) | undefined;
}

/** So much has to be free on a disk that was full before it is written again. */
const roomBytes = 1_048_576;

/** A group on its way. */
interface Held {
  group: readonly LedgerEntry[];
  prepared?: { batch: LedgerBatch; charges: readonly number[] };
}

/**
 * Puts groups of entries in the database, in order and each once; while the database does not take them,
 * on the disk. Its calls do not overlap, but for `rescue`.
 */
export class LedgerWriter {
  readonly #options: LedgerWriterOptions;
  readonly #days: DayTable;
  readonly #id = crypto.randomUUID();
  #batches = 0;
  /** A group that is under way, or that neither the database nor the disk took. */
  #held: Held | undefined;
  #isSpooling = false;
  #diskFault: unknown;
  /** What was under way is on the disk, and nothing may come before it in the database any more. */
  #isClosed = false;

  constructor(options: LedgerWriterOptions) {
    this.#options = options;
    this.#days = new DayTable(options.storage, 'gateway_ledger');
    this.#isSpooling = options.spool?.isEmpty === false;
  }

  /** Entries that are in memory only. */
  get held(): number {
    return this.#held?.group.length ?? 0;
  }

  /** True while there is something that is not in the database yet. */
  get isBehind(): boolean {
    return this.#held !== undefined || this.#options.spool?.isEmpty === false;
  }

  /** True while neither the database nor the disk takes anything. */
  get isStuck(): boolean {
    return this.#diskFault !== undefined;
  }

  /**
   * Keeps a group, behind what is on the disk already. Throws when neither the database nor the disk
   * takes it; then it is held, `catchUp` tries again, and no other may come before.
   */
  async write(group: readonly LedgerEntry[]): Promise<void> {
    if (this.#isClosed) return;
    this.#held = { group };
    await this.#writeHeld();
  }

  /**
   * Puts what is on the disk, for about so long in milliseconds, and then what is held in the database,
   * or the latter on the disk. Throws what the database says.
   */
  async catchUp(limitMs: number): Promise<void> {
    const { spool } = this.#options;
    try {
      await this.#replay(limitMs);
    } catch (error) {
      if (this.#held && spool?.isEmpty === false) await this.#writeHeld().catch(() => {});
      throw error;
    }
    // While the disk is full it waits until there is room, or nothing is on the disk any more.
    const mayGo = !spool || spool.isEmpty || !this.isStuck || spool.hasRoom(roomBytes);
    if (this.#held && mayGo) await this.#writeHeld();
  }

  async #replay(limitMs: number): Promise<void> {
    const { log, spool, storage } = this.#options;
    if (!spool) return;
    const startedAt = performance.now();
    while (performance.now() - startedAt < limitMs) {
      const record = await spool.first();
      if (!record) break;
      const batch = decodeBatch(record);
      if (batch) await this.#inDays(batch, () => writeBatch(storage, batch));
      else log.error('a record of the spool is no batch of the ledger, and is left out');
      await spool.drop();
    }
    if (!this.#isSpooling || !spool.isEmpty) return;
    this.#isSpooling = false;
    log.info('the database takes the ledger again, and has what was on the disk');
  }

  /**
   * Puts what is under way, and these, on the disk, though the database may take the former yet: it takes
   * no batch twice. For the end of the process: nothing is written any more. Throws when there is no spool, or the disk refuses.
   */
  async rescue(entries: readonly LedgerEntry[], groupSize: number): Promise<void> {
    this.#isClosed = true;
    const { spool } = this.#options;
    if (!spool) throw new Error('there is no spool');
    const held = this.#held;
    const groups = [...(held ? [held] : [])];
    for (let from = 0; from < entries.length; from += groupSize) {
      groups.push({ group: entries.slice(from, from + groupSize) });
    }
    for (const each of groups) {
      each.prepared ??= await this.#prepare(each.group);
      await spool.append(encodeBatch(each.prepared.batch));
    }
    this.#held = undefined;
  }

  async #writeHeld(): Promise<void> {
    const held = this.#held;
    if (!held) return;
    const { onWritten, spool } = this.#options;
    held.prepared ??= await this.#prepare(held.group);
    const { batch, charges } = held.prepared;
    if (spool?.isEmpty === false) await this.#toDisk(batch);
    else await this.#toDatabase(batch);
    this.#held = undefined;
    // On the disk it counts as written: whoever reads what was spent sees to it that the disk is read first.
    onWritten?.(held.group, charges);
  }

  async #toDatabase(batch: LedgerBatch): Promise<void> {
    const { log, spool, storage } = this.#options;
    try {
      await this.#inDays(batch, () => writeBatch(storage, batch));
      this.#diskFault = undefined;
    } catch (err) {
      if (!spool || this.#isClosed) throw err;
      if (!this.#isSpooling) {
        log.error('the database does not take the ledger; it goes to the disk until it does', {
          err,
        });
      }
      this.#isSpooling = true;
      await this.#toDisk(batch);
    }
  }

  async #toDisk(batch: LedgerBatch): Promise<void> {
    try {
      await this.#options.spool?.append(encodeBatch(batch));
      this.#diskFault = undefined;
    } catch (error) {
      this.#diskFault = error;
      throw error;
    }
  }

  async #inDays(batch: LedgerBatch, work: () => Promise<void>): Promise<void> {
    try {
      await this.#days.ensure(timesOf(batch));
      await work();
    } catch (error) {
      this.#days.forget();
      throw error;
    }
  }

  async #prepare(group: readonly LedgerEntry[]): Promise<NonNullable<Held['prepared']>> {
    const costs = await this.#options.price(group);
    const charges = group.map(({ charge }, index) =>
      wholeOf(charge ?? costs[index]?.totalMicroUsd),
    );
    const batch: LedgerBatch = {
      writer: this.#id,
      number: ++this.#batches,
      atMs: group.at(-1)?.atMs ?? 0,
      columns: ledgerColumns,
      rows: group.map((entry, index) => rowOf(entry, costs[index] ?? null)),
      spend: spendOf(group, charges),
    };
    return { batch, charges };
  }
}
