import type { Logger } from '@zeke/foundation';
import type { Replicas } from '../../replicas/replicas.ts';
import type { Account, Window } from './account.ts';
import { atLeastScript, reserveScript, sayScript } from './budget-scripts.ts';
import type { DaySpend } from './budget-store.ts';
import {
  type AccountWindow,
  hardLimitOf,
  type OwnPart,
  usedOf,
  windowsOf,
} from './shared-window.ts';
import { dayMs } from './windows.ts';

export interface SharedBudgetsOptions {
  readonly replicas: Replicas;
  /**
   * Gives what the database says that an account has spent, when all that this process had to write is
   * written, and before it writes more.
   */
  readonly spendOf: (account: Account, use: (days: readonly DaySpend[]) => void) => Promise<void>;
  readonly accounts: () => Iterable<Account>;
  readonly log: Logger;
}

/** `reserved` and `refused`: as all know it. `alone`: it is for this process's own part to say. */
type Known = 'reserved' | 'refused' | 'alone';

/** A window is remembered for so long after its end: answers may take long. */
const keptAfterMs = 2 * dayMs;
/** After joining again, what the database says is compared, when all have said what they know. */
const compareAfterMs = 5_000;
const windowsAtOnce = 200;
const maxReads = 3;

/** What the database says of a window, and what of this process's was in it then. */
interface FromDatabase {
  readonly spentMicroUsd: number;
  readonly writtenMicroUsd: number;
}

/**
 * What is spent and held of budgets by all replicas together, in Redis: an amount is held there in all
 * windows of a request at once, in one round trip, or in none. What is known of a window here is what
 * Redis said last. Where it cannot say, each replica has a part of what was left.
 */
export class SharedBudgets {
  readonly #options: SharedBudgetsOptions;
  /** Each time the others are lost. */
  #loss = 0;
  #isAlone = false;
  readonly #reading = new Map<Account, Promise<ReadonlyMap<Window, FromDatabase>>>();
  #comparing: ReturnType<typeof setTimeout> | undefined;
  #joins = 0;

  constructor(options: SharedBudgetsOptions) {
    this.#options = options;
    options.replicas.link.keepReady([reserveScript, sayScript, atLeastScript]);
    options.replicas.onJoin(() => this.#sayAll());
  }

  /**
   * Holds an amount in the windows of that time. What is known of them is put right before `use` is
   * called, once, with what came of it; nothing else happens in between. Never rejects for Redis; for
   * the database where nothing is known of a window without it.
   */
  async reserve<T>(
    accounts: readonly Account[],
    atMs: number,
    microUsd: number,
    use: (known: Known) => T,
  ): Promise<T> {
    const windows = windowsOf(accounts, atMs);
    if (windows.length === 0) return use('reserved');
    const reply = await this.#ask(windows, microUsd);
    if (reply === undefined) {
      await this.#takeShares(windows);
      return use('alone');
    }
    if (this.#isAlone) this.#isAlone = false;
    const [allowed, ...sums] = reply;
    for (const [index, { own, window }] of windows.entries()) {
      own.share = undefined;
      window.spentMicroUsd = Number(sums[2 * index]);
      window.reservedMicroUsd = Number(sums[2 * index + 1]);
    }
    return use(allowed === 1 ? 'reserved' : 'refused');
  }

  /** Tells what was charged to accounts at that time, and that so much more (or less) is held. */
  say(accounts: readonly Account[], atMs: number, heldMicroUsd: number): void {
    this.#say(
      windowsOf(accounts, atMs).map((each) => ({ ...each, heldMicroUsd })),
      'run',
    );
  }

  /** Puts right what is known of accounts, where Redis can say. */
  async look(accounts: readonly Account[], atMs: number): Promise<void> {
    for (let from = 0; from < accounts.length; from += windowsAtOnce) {
      const some = accounts.slice(from, from + windowsAtOnce);
      await this.reserve(some, atMs, 0, () => undefined).catch((err: unknown) => {
        this.#options.log.warn('what is left of budgets cannot be read', { err });
      });
    }
  }

  async #ask(
    windows: readonly AccountWindow[],
    microUsd: number,
  ): Promise<readonly unknown[] | undefined> {
    const lost = () => undefined;
    let reply = await this.#reserveWith(windows, microUsd, undefined).catch(lost);
    // A window may begin while the others are read.
    for (let read = 0; reply?.[0] === 'OPEN' && read < maxReads; read++) {
      const known = await this.#readAll(windows);
      reply = await this.#reserveWith(windows, microUsd, known).catch(lost);
    }
    return reply?.[0] === 'OPEN' ? undefined : reply;
  }

  #reserveWith(
    windows: readonly AccountWindow[],
    microUsd: number,
    known: ReadonlyMap<AccountWindow, FromDatabase> | undefined,
  ): Promise<readonly unknown[] | undefined> {
    const { replicas } = this.#options;
    return replicas.ask((member) => {
      const args = windows.flatMap((each) => {
        const { own, window } = each;
        const read = known?.get(each);
        const written = read?.writtenMicroUsd ?? own.writtenMicroUsd;
        return [
          hardLimitOf(each) ?? -1,
          read?.spentMicroUsd ?? '',
          own.chargedMicroUsd,
          own.chargedMicroUsd - written,
          window.endMs + keptAfterMs,
        ];
      });
      const all = [member, replicas.id, microUsd, ...args].map(String);
      return replicas.link.run(reserveScript, this.#keys(windows), all);
    });
  }

  /** What the database says of windows. Throws when it does not. */
  async #readAll(windows: readonly AccountWindow[]): Promise<Map<AccountWindow, FromDatabase>> {
    const found = new Map<AccountWindow, FromDatabase>();
    for (const account of new Set(windows.map((each) => each.account))) {
      const read = await this.#read(account);
      for (const each of windows) {
        const known = read.get(each.window);
        if (known) found.set(each, known);
      }
    }
    return found;
  }

  /** The windows of an account; who asks while it is read waits for the same answer. */
  #read(account: Account): Promise<ReadonlyMap<Window, FromDatabase>> {
    const underWay = this.#reading.get(account);
    if (underWay !== undefined) return underWay;
    const found = new Map<Window, FromDatabase>();
    const read = this.#options
      .spendOf(account, (days) => {
        for (const window of account.windows()) found.set(window, fromDays(window, days));
      })
      .then(() => found)
      .finally(() => this.#reading.delete(account));
    this.#reading.set(account, read);
    return read;
  }

  /** What this process may spend by itself, of windows of which that is not known yet. */
  async #takeShares(windows: readonly AccountWindow[]): Promise<void> {
    if (!this.#isAlone) {
      this.#isAlone = true;
      this.#loss++;
    }
    const loss = this.#loss;
    const without = windows.filter(({ own }) => own.share?.loss !== loss);
    if (without.length === 0) return;
    const known = await this.#readAll(without).catch((err: unknown) => {
      this.#options.log.error('what was spent is taken from memory: the database is away too', {
        err,
      });
      return undefined;
    });
    for (const each of without) {
      const { own, window } = each;
      if (own.share?.loss === loss) continue;
      const read = known?.get(each);
      const unwritten = own.chargedMicroUsd - (read?.writtenMicroUsd ?? own.writtenMicroUsd);
      own.share = {
        loss,
        parts: this.#options.replicas.count,
        spentMicroUsd: Math.max(window.spentMicroUsd, (read?.spentMicroUsd ?? 0) + unwritten),
        heldMicroUsd: Math.max(window.reservedMicroUsd, own.reservedMicroUsd),
        usedMicroUsd: usedOf(own),
      };
    }
  }

  /** Under a new name all that this process holds is to be told again. */
  #sayAll(): void {
    const all: Said[] = [];
    for (const account of this.#options.accounts()) {
      for (const window of account.windows()) {
        const { own } = window;
        if (!own) continue;
        if (
          !(own.reservedMicroUsd || own.chargedMicroUsd !== own.writtenMicroUsd || isUntold(own))
        ) {
          continue;
        }
        all.push({ account, window, own, heldMicroUsd: own.reservedMicroUsd });
      }
    }
    for (let from = 0; from < all.length; from += windowsAtOnce) {
      this.#say(all.slice(from, from + windowsAtOnce), 'runInTurn');
    }
    this.#joins++;
    if (this.#joins === 1) return;
    clearTimeout(this.#comparing);
    this.#comparing = setTimeout(() => void this.#compare(), compareAfterMs);
    this.#comparing.unref();
  }

  #say(windows: readonly Said[], how: 'run' | 'runInTurn'): void {
    if (windows.length === 0) return;
    const { generation, generationKey, id, link, member } = this.#options.replicas;
    const args = windows.flatMap(({ heldMicroUsd, own, window }) => [
      heldMicroUsd,
      own.chargedMicroUsd,
      own.chargedMicroUsd - own.writtenMicroUsd,
      window.endMs + keptAfterMs,
    ]);
    const charged = windows.map(({ own }) => own.chargedMicroUsd);
    link[how](sayScript, this.#keys(windows), [
      member,
      id,
      generationKey,
      generation,
      ...args.map(String),
    ])
      .then((reply) => {
        if (reply === 'STALE') return;
        for (const [index, { own }] of windows.entries()) {
          own.toldMicroUsd = Math.max(own.toldMicroUsd, charged[index] ?? 0);
        }
      })
      // What is not told is told when this process joins again.
      .catch(() => undefined);
  }

  /** After Redis was emptied it may know less than was spent: never less than the database says. */
  async #compare(): Promise<void> {
    const { accounts, log, replicas } = this.#options;
    try {
      for (const account of [...accounts()]) {
        const windows = [...account.windows()].flatMap((window) =>
          window.own ? [{ account, window, own: window.own }] : [],
        );
        const known = await this.#readAll(windows);
        const keys = windows.map((each) => this.#key(each));
        const said = windows.map((each) => String(known.get(each)?.spentMicroUsd ?? 0));
        await replicas.link.run(atLeastScript, keys, said);
      }
    } catch (err) {
      log.warn('what budgets have spent could not be compared with the database', { err });
    }
  }

  #keys(windows: readonly AccountWindow[]): string[] {
    const { keys } = this.#options.replicas;
    return [...keys, ...windows.flatMap((each) => [this.#key(each), `${this.#key(each)}:held`])];
  }

  #key({ account, window }: AccountWindow): string {
    const { keyPrefix } = this.#options.replicas.link;
    return `${keyPrefix}budget:${window.period}:${window.startMs}:${account.kind}:${account.id}`;
  }
}

interface Said extends AccountWindow {
  readonly heldMicroUsd: number;
}

function isUntold({ chargedMicroUsd, toldMicroUsd }: OwnPart): boolean {
  return chargedMicroUsd !== toldMicroUsd;
}

function fromDays(window: Window, days: readonly DaySpend[]): FromDatabase {
  let spentMicroUsd = 0;
  for (const { day, microUsd } of days) {
    const atMs = day * dayMs;
    if (atMs >= window.startMs && atMs < window.endMs) spentMicroUsd += microUsd;
  }
  return { spentMicroUsd, writtenMicroUsd: window.own?.writtenMicroUsd ?? 0 };
}
