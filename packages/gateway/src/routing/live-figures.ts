import type { Code, RpcError } from '@zeke/rpc';
import { type BreakerOptions, type BreakerState, Circuit, serverFaults } from '@zeke/rpc/circuit';
import type { LedgerEntry } from '../governance/ledger.ts';
import { PairMap } from '../pair-map.ts';
import type { AccountName, Provider } from '../providers/provider.ts';
import { type AccountEvent, LiveAccount } from './live-account.ts';
import type { Candidate } from './model-catalog.ts';
import type { RestNews } from './rest-news.ts';

/** How much of a figure the newest attempt decides. */
const share = 0.2;
/** Models are named by callers, so there is a limit; the one that was asked longest ago goes first. */
const maxModels = 10_000;
const minTimedSeconds = 0.01;

/** What attempts at one model of one provider have shown lately: moving averages. */
export interface ModelFigures {
  /** Until a stream's first token came, or a whole answer. Undefined until one did. */
  readonly firstTokenMs: number | undefined;
  /** Undefined until an answer with tokens came. */
  readonly tokensPerSecond: number | undefined;
  /** Of the attempts, the share that the provider failed; 0 to 1. */
  readonly errorRate: number;
  readonly attempts: number;
  readonly inFlight: number;
}

/** The same, with its circuit breaker. */
export class LiveModel implements ModelFigures {
  firstTokenMs: number | undefined;
  tokensPerSecond: number | undefined;
  errorRate = 0;
  attempts = 0;
  inFlight = 0;
  /** When it answered last, in milliseconds since the epoch. */
  heardAtMs = 0;
  circuit: Circuit;

  constructor(circuit: Circuit) {
    this.circuit = circuit;
  }

  /** Begins an attempt, or says why the model rests. With one of several keys, that key's breaker counts. */
  begin(model: string, account?: LiveAccount): LiveAttempt | RpcError {
    const circuit = account?.circuit(model) ?? this.circuit;
    return circuit.enter() ?? new LiveAttempt(this, circuit, account);
  }
}

/** When a model that fails rests, and for how long; `failures` Infinity: never. */
export type CircuitSettings = Required<Pick<BreakerOptions, 'failures' | 'openMs' | 'windowMs'>>;

export interface LiveFiguresOptions {
  readonly breaker: CircuitSettings;
  /** Hears what becomes of keys, where a provider has several. */
  readonly onAccount: (event: AccountEvent) => void;
  /** Hears what other processes need not find out again. */
  readonly onNews?: (news: RestNews) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Figures of all models that were asked since the start of the process. */
export class LiveFigures {
  readonly #models = new Map<string, LiveModel>();
  /** The same, for every request to look at. */
  readonly #byNames = new PairMap<LiveModel>();
  /** Keys of providers that have several, by provider and fingerprint. */
  readonly #accounts = new Map<string, LiveAccount>();
  readonly #options: LiveFiguresOptions;
  #breaker: CircuitSettings;

  constructor(options: LiveFiguresOptions) {
    this.#options = options;
    this.#breaker = options.breaker;
  }

  /** With other settings than before, circuit breakers begin anew. */
  configure(breaker: CircuitSettings): void {
    const { failures, openMs, windowMs } = this.#breaker;
    const isSame =
      failures === breaker.failures && openMs === breaker.openMs && windowMs === breaker.windowMs;
    if (isSame) return;
    this.#breaker = breaker;
    for (const [name, live] of this.#models) {
      const slash = name.indexOf('/');
      live.circuit = this.#circuit(name, name.slice(0, slash), name.slice(slash + 1));
    }
    for (const account of this.#accounts.values()) account.renewCircuits();
  }

  /** Forgets keys that none of these providers has. */
  keepAccounts(providers: readonly Provider[]): void {
    const kept = new Set(
      providers.flatMap(({ accounts = [], name }) => accounts.map((each) => keyOf(name, each))),
    );
    for (const key of this.#accounts.keys()) if (!kept.has(key)) this.#accounts.delete(key);
  }

  /** What is known of one of several keys; made where there is nothing yet. */
  account(provider: string, name: AccountName): LiveAccount {
    const key = keyOf(provider, name);
    const known = this.#accounts.get(key);
    if (known !== undefined) return known;
    const { now, onAccount, onNews } = this.#options;
    const made = new LiveAccount({
      provider,
      name,
      now,
      onEvent: (event) => {
        onAccount(event);
        const { forMs, model, what } = event;
        const { fingerprint, label } = name;
        const ofRest = forMs === undefined ? {} : { forMs };
        onNews?.({ provider, model, what, account: { fingerprint, label }, ...ofRest });
      },
      makeCircuit: (model) =>
        this.#circuit(`${provider}/${model} with key ${name.label}`, provider, model, name),
    });
    this.#accounts.set(key, made);
    return made;
  }

  /** Begins an attempt, or says why the model rests. */
  begin({ model, provider: { account, name } }: Candidate): LiveAttempt | RpcError {
    const live = this.of(name, model);
    return live.begin(model, account && this.account(name, account));
  }

  /** For how long it lets nothing through that `begin` refused, in milliseconds; 0: it may. */
  restsForMs({ model, provider: { account, name } }: Candidate): number {
    const live = account === undefined ? undefined : this.account(name, account);
    return (live?.circuit(model) ?? this.of(name, model).circuit).restsForMs;
  }

  /** Of the breaker of a model; where the provider has several keys, of the one that is best. */
  stateOf({ model, provider: { accounts, name } }: Candidate): BreakerState {
    if (accounts === undefined) return this.of(name, model).circuit.state;
    const states = accounts.map((each) => this.account(name, each).stateOf(model));
    if (states.includes('closed')) return 'closed';
    return states.includes('half-open') ? 'half-open' : 'open';
  }

  /** Made where there is none yet. */
  of(provider: string, model: string): LiveModel {
    const known = this.#byNames.get(provider, model);
    if (known !== undefined) return known;
    const key = `${provider}/${model}`;
    if (this.#models.size >= maxModels) this.#forgetOldest();
    const made = new LiveModel(this.#circuit(key, provider, model));
    this.#models.set(key, made);
    this.#byNames.set(provider, model, made);
    return made;
  }

  #forgetOldest(): void {
    const [oldest] = this.#models.keys();
    if (oldest === undefined) return;
    const slash = oldest.indexOf('/');
    this.#models.delete(oldest);
    this.#byNames.delete(oldest.slice(0, slash), oldest.slice(slash + 1));
  }

  /** What another process found out. */
  learn({ account, forMs = 0, model, provider, what }: RestNews): void {
    const known = account && this.#accounts.get(keyOf(provider, account));
    if (what === 'open' || what === 'closed') {
      if (this.#breaker.failures === Number.POSITIVE_INFINITY) return;
      if (account) known?.circuit(model).learn(what);
      else this.of(provider, model).circuit.learn(what);
    } else known?.learn(what, model, forMs);
  }

  #circuit(name: string, provider: string, model: string, account?: AccountName): Circuit {
    const { onNews } = this.#options;
    const key = account && { fingerprint: account.fingerprint, label: account.label };
    const tell = (what: BreakerState) => {
      if (what === 'half-open') return;
      onNews?.({ provider, model, what, ...(key ? { account: key } : {}) });
    };
    return new Circuit({ name, ...this.#breaker, ...(onNews ? { onChange: tell } : {}) });
  }

  /** When any model of a provider answered last, in milliseconds since the epoch; 0: never. */
  heardAtMs(provider: string): number {
    let last = 0;
    for (const live of this.#ofProvider(provider)) last = Math.max(last, live.heardAtMs);
    return last;
  }

  /**
   * A provider was asked if it is there; `failure` says why not. Breakers that try whether a model is
   * back take it for one call.
   */
  checked({ accounts = [], name }: Provider, failure: Code | undefined): void {
    const circuits = Array.from(this.#ofProvider(name), ({ circuit }) => circuit);
    for (const each of accounts) circuits.push(...this.account(name, each).circuits());
    for (const circuit of circuits) {
      if (circuit.state !== 'half-open' || circuit.enter() !== undefined) continue;
      if (failure === undefined) circuit.succeeded(circuit.epoch);
      else circuit.failed(circuit.epoch, failure, false);
    }
  }

  *#ofProvider(provider: string): Iterable<LiveModel> {
    const prefix = `${provider}/`;
    for (const [name, live] of this.#models) if (name.startsWith(prefix)) yield live;
  }

  /** Those that are there, by `provider/model`. */
  entries(): Iterable<[string, LiveModel]> {
    return this.#models.entries();
  }
}

function keyOf(provider: string, { fingerprint }: AccountName): string {
  return `${provider}/${fingerprint}`;
}

/** One attempt, from its begin to its end. */
export class LiveAttempt {
  readonly #live: LiveModel;
  readonly #circuit: Circuit;
  readonly #epoch: number;
  readonly #account: LiveAccount | undefined;

  constructor(live: LiveModel, circuit: Circuit, account: LiveAccount | undefined) {
    this.#live = live;
    this.#circuit = circuit;
    this.#epoch = circuit.epoch;
    this.#account = account;
    live.inFlight++;
    if (account) account.inFlight++;
  }

  /** Once. The figures of an attempt that its client broke off say nothing of the provider. */
  end(entry: LedgerEntry, error: RpcError | undefined): void {
    const live = this.#live;
    live.inFlight--;
    if (this.#account) {
      this.#account.inFlight--;
      this.#account.ended(entry.model, error);
    }
    if (error === undefined) this.#circuit.succeeded(this.#epoch);
    else this.#circuit.failed(this.#epoch, error.code, false);
    if (entry.outcome === 'canceled') return;
    const failed = error !== undefined && serverFaults.includes(error.code) ? 1 : 0;
    if (failed === 0) live.heardAtMs = entry.atMs + entry.latencyMs;
    live.errorRate = live.attempts === 0 ? failed : mixed(live.errorRate, failed);
    live.attempts++;
    if (entry.outcome === 'ok') this.#time(entry);
  }

  #time({ firstTokenMs, latencyMs, streamed, usage }: LedgerEntry): void {
    const live = this.#live;
    if (firstTokenMs !== undefined) live.firstTokenMs = mixed(live.firstTokenMs, firstTokenMs);
    const seconds = (latencyMs - (streamed ? (firstTokenMs ?? 0) : 0)) / 1_000;
    // Of an answer that came at once no speed can be told.
    if (usage.output <= 1 || seconds < minTimedSeconds) return;
    live.tokensPerSecond = mixed(live.tokensPerSecond, usage.output / seconds);
  }
}

function mixed(held: number | undefined, next: number): number {
  return held === undefined ? next : held + share * (next - held);
}
