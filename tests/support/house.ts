import { expect } from 'bun:test';
import type { EmulatorOptions } from '@zeke/emulators';
import type { HttpAnswer, HttpHeaders, HttpSender } from '@zeke/foundation/http-client';
import { type EmulatedVendor, type VendorEntry, vendors } from './emulated-vendors.ts';
import { type ReportedUsage, reportedUsage } from './reported-usage.ts';
import {
  type LedgerRow,
  type ServedGateway,
  type ServeGatewayOptions,
  serveGateway,
} from './serve-gateway.ts';

/** What a test may say about its house. */
export interface HouseOptions
  extends Omit<ServeGatewayOptions, 'providers' | 'environment' | 'watch'> {
  /** All when absent. */
  vendors?: readonly VendorEntry['name'][];
  emulators?: EmulatorOptions;
}

/** A gateway on a socket in front of emulators on sockets, with eyes on what passes between them. */
export interface House extends AsyncDisposable {
  served: ServedGateway;
  vendor(name: string): EmulatedVendor;
  /** Leaves out of the next account what came before. */
  forget(): Promise<void>;
  /**
   * Checks that each call of a provider since the last time has its row on the ledger, with the
   * tokens that the provider reported, and gives those rows.
   */
  accounted(expected?: Partial<LedgerRow>): Promise<LedgerRow[]>;
  /** The same for one row that stands for several calls, as for texts to embed one by one. */
  accountedTogether(expected?: Partial<LedgerRow>): Promise<LedgerRow>;
}

/** Starts emulators and one gateway that knows them all. */
export async function startHouse(options: HouseOptions = {}): Promise<House> {
  const entries = vendors.filter(({ name }) => options.vendors?.includes(name) ?? true);
  const started = await Promise.all(entries.map((entry) => entry.start(options.emulators)));
  const reports: Promise<ReportedUsage>[] = [];
  const served = await serveGateway({
    ...options,
    providers: started.map(({ config }) => config),
    environment: Object.assign({}, ...started.map(({ environment }) => environment)),
    watch: (http) => watched(http, reports),
  });
  let seen = 0;
  const newRows = async (expected: Partial<LedgerRow> = {}) => {
    const rows = (await served.ledger()).slice(seen);
    seen += rows.length;
    for (const row of rows) {
      const said = { outcome: 'ok', estimated: false, owner: 'tester', ...expected };
      expect(row).toMatchObject(said as Partial<LedgerRow>);
    }
    return rows;
  };
  return {
    served,
    vendor: (name) => {
      const found = started.find(({ config }) => config.name === name);
      if (!found) throw new Error(`no vendor ${name}`);
      return found;
    },
    forget: async () => {
      seen = (await served.ledger()).length;
      reports.length = 0;
    },
    accounted: async (expected) => {
      const rows = await newRows(expected);
      expect(rows.map(usageOf)).toEqual(await Promise.all(reports.splice(0)));
      return rows;
    },
    accountedTogether: async (expected) => {
      const [row, ...more] = await newRows(expected);
      if (!row || more.length > 0) throw new Error(`there are ${row ? more.length + 1 : 0} rows`);
      expect(usageOf(row)).toEqual((await Promise.all(reports.splice(0))).reduce(sumOf));
      return row;
    },
    async [Symbol.asyncDispose]() {
      await served[Symbol.asyncDispose]();
      await Promise.all(started.map((each) => each[Symbol.asyncDispose]()));
    },
  };
}

const nothing: ReportedUsage = { input: 0, output: 0, cached: 0, cacheWritten: 0, reasoning: 0 };

function sumOf(a: ReportedUsage, b: ReportedUsage): ReportedUsage {
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cached: a.cached + b.cached,
    cacheWritten: a.cacheWritten + b.cacheWritten,
    reasoning: a.reasoning + b.reasoning,
  };
}

function usageOf(row: LedgerRow): ReportedUsage {
  return {
    input: row.input_tokens,
    output: row.output_tokens,
    cached: row.cached_input_tokens,
    cacheWritten: row.cache_write_5m_tokens + row.cache_write_1h_tokens,
    reasoning: row.reasoning_tokens,
  };
}

/** Notes what each answer of a model says was used. */
function watched(http: HttpSender, reports: Promise<ReportedUsage>[]): HttpSender {
  return {
    send: async (request) => {
      const answer = await http.send(request);
      const { promise, resolve } = Promise.withResolvers<ReportedUsage>();
      reports.push(promise);
      return new NotedAnswer(answer, resolve);
    },
  };
}

class NotedAnswer implements HttpAnswer {
  readonly status: number;
  readonly ok: boolean;
  readonly headers: HttpHeaders;
  readonly #answer: HttpAnswer;
  readonly #report: (usage: ReportedUsage) => void;
  readonly #chunks: Uint8Array[] = [];

  constructor(answer: HttpAnswer, report: (usage: ReportedUsage) => void) {
    this.status = answer.status;
    this.ok = answer.ok;
    this.headers = answer.headers;
    this.#answer = answer;
    this.#report = report;
  }

  get isAtHand(): boolean {
    return this.#answer.isAtHand;
  }

  read(): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    const next = this.#answer.read();
    return next instanceof Promise ? next.then((chunk) => this.#note(chunk)) : this.#note(next);
  }

  cancel(): void {
    this.#answer.cancel();
  }

  #note(chunk: Uint8Array | undefined): Uint8Array | undefined {
    if (chunk) this.#chunks.push(chunk);
    else {
      const type = this.headers.get('content-type') ?? '';
      this.#report(reportedUsage(type, Buffer.concat(this.#chunks)) ?? nothing);
    }
    return chunk;
  }
}
