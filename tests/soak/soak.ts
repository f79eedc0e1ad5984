import { Database } from 'bun:sqlite';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Emulator, startAnthropicEmulator, startOpenAiEmulator } from '@zeke/emulators';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { Client, type Outcome } from './client.ts';
import { type SoakServer, startServer } from './server.ts';
import { faults, traffic } from './traffic.ts';

export interface SoakOptions {
  readonly minutes: number;
  /** Clients that ask at the same time. */
  readonly clients: number;
  /** The longest that a client rests between two requests, in milliseconds. Default 0. */
  readonly pauseMs?: number;
  /** Of the choice of requests and faults. */
  readonly seed: number;
  /** Told some times a minute. */
  readonly progress?: (sample: Sample) => void;
}

/** What the server had at one time. */
export interface Sample {
  readonly minute: number;
  readonly answers: number;
  readonly residentMb: number;
  readonly descriptors: number;
}

export interface SoakReport {
  readonly outcomes: Outcome;
  readonly samples: readonly Sample[];
  /** Requests that reached a provider, and rows of the ledger that say so. */
  readonly asked: number;
  readonly rows: number;
  /** Answers whose attempts are not all on the ledger. */
  readonly missing: readonly string[];
  /** What the caller with a budget spent, and may spend, in micro-USD. */
  readonly spent: number;
  readonly budget: number;
  /** What the process said at its end. */
  readonly exitCode: number;
}

/** Of requests to providers, how many fail. */
const faultShare = 0.04;
const sampleEveryMs = 5_000;

/**
 * Sends every kind of traffic to one zeke while its providers fail in every way, then ends it and
 * compares its ledger with what clients and providers have seen.
 */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  await using folder = await temporaryDirectory();
  let asked = 0;
  const counted = (emulator: Emulator) => {
    const { requests } = emulator;
    const push = requests.push.bind(requests);
    requests.push = (...items) => {
      asked += items.length;
      return push(...items);
    };
    return emulator;
  };
  await using openai = counted(startOpenAiEmulator());
  await using anthropic = counted(startAnthropicEmulator());
  const emulators = [openai, anthropic];
  await using server = await startServer(folder.path, { openai, anthropic });
  const random = randomOf(options.seed);
  const client = new Client(server);
  const samples: Sample[] = [];
  const startedAt = performance.now();
  const endsAt = startedAt + options.minutes * 60_000;
  const sample = () => {
    const minute = (performance.now() - startedAt) / 60_000;
    const taken = { minute, answers: client.outcome.answers, ...sizeOf(server.pid) };
    samples.push(taken);
    options.progress?.(taken);
  };
  const timer = setInterval(sample, sampleEveryMs);
  const one = async () => {
    while (performance.now() < endsAt) {
      if (random() < faultShare) pick(emulators, random).faults.push(pick(faults, random));
      await client.ask(weighted(random));
      if (options.pauseMs) await Bun.sleep(random() * options.pauseMs);
    }
  };
  await Promise.all(Array.from({ length: options.clients }, one));
  clearInterval(timer);
  sample();
  const exitCode = await server.stop();
  return { ...ledgerOf(server, client), outcomes: client.outcome, samples, asked, exitCode };
}

function ledgerOf(server: SoakServer, client: Client) {
  using database = new Database(join(server.home, 'zeke.db'), { readonly: true });
  const { rows } = database
    .query<{ rows: number }, []>('select count(*) as rows from gateway_ledger where attempt > 0')
    .get() ?? { rows: 0 };
  const { spent } = database
    .query<{ spent: number }, [string]>(
      'select coalesce(sum(cost_micro_usd), 0) as spent from gateway_ledger where key_id = ?',
    )
    .get(server.keyIds.poor) ?? { spent: 0 };
  const count = database.query<{ rows: number }, [string]>(
    'select count(*) as rows from gateway_ledger where request_id = ?',
  );
  const missing = [...client.attempts]
    .filter(([id, attempts]) => (count.get(id)?.rows ?? 0) < attempts.count)
    .map(([, { told }]) => told);
  return { rows, spent, missing, budget: server.budgetMicroUsd };
}

function sizeOf(pid: number): Pick<Sample, 'residentMb' | 'descriptors'> {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
  return {
    residentMb: Math.round(kilobytes / 1_024),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}

const totalWeight = traffic.reduce((sum, { weight }) => sum + weight, 0);

function weighted(random: () => number) {
  let at = random() * totalWeight;
  const found = traffic.find(({ weight }) => {
    at -= weight;
    return at < 0;
  });
  return found ?? pick(traffic, random);
}

function pick<T>(items: readonly T[], random: () => number): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('there is nothing to pick from');
  return item;
}

/** Mulberry32, of Tommy Ettinger, in the public domain: the same seed gives the same numbers. */
function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
