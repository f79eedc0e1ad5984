import type { RpcError } from '@zeke/rpc';
import type { BreakerState, Circuit } from '@zeke/rpc/circuit';
import { apiErrorInfo } from '../neutral/api-error.ts';
import type { AccountName } from '../providers/provider.ts';

/** The first rest after a 429 that names no time; doubled with each further one, up to the longest. */
const firstRestMs = 1_000;
const longestBackOffMs = 60_000;
/** The longest `retry-after` that is believed, and the rest of a key without money. */
const longestRestMs = 3_600_000;
const noMoneyRestMs = 600_000;
/** Models are named by callers, so there is a limit; the one that was asked longest ago goes first. */
const maxModels = 1_000;

/** What became of a key. */
export interface AccountEvent extends AccountName {
  readonly provider: string;
  /** `rests`: for one model, until a time. `refused`: the provider does not know it. `back`: it does again. */
  readonly what: 'rests' | 'refused' | 'back';
  readonly model: string;
  /** Of a rest, in milliseconds. */
  readonly forMs?: number;
  readonly error?: RpcError;
}

export interface LiveAccountOptions {
  readonly provider: string;
  readonly name: AccountName;
  readonly makeCircuit: (model: string) => Circuit;
  readonly onEvent: (event: AccountEvent) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

interface OfModel {
  circuit: Circuit;
  restsUntilMs: number;
  /** Answers 429 since the last good one. */
  refusals: number;
}

/** What attempts with one key of a provider have shown: what is under way, rests, and whether it is known. */
export class LiveAccount {
  inFlight = 0;
  /** Where it stands in the order of its pool: what it had, by its share. */
  turn = 0;
  /** Since when its provider refuses it, in milliseconds since the epoch; undefined: it does not. */
  refusedAtMs: number | undefined;
  readonly #options: LiveAccountOptions;
  readonly #models = new Map<string, OfModel>();

  constructor(options: LiveAccountOptions) {
    this.#options = options;
  }

  circuit(model: string): Circuit {
    return this.#of(model).circuit;
  }

  /** Of all models that were asked. */
  circuits(): Circuit[] {
    return Array.from(this.#models.values(), ({ circuit }) => circuit);
  }

  /** Nothing is made for a model that was never asked. */
  stateOf(model: string): BreakerState {
    return this.#models.get(model)?.circuit.state ?? 'closed';
  }

  /** For how long it is not asked for the model; 0: it may be. */
  restsForMs(model: string): number {
    const until = this.#models.get(model)?.restsUntilMs ?? 0;
    return Math.max(0, until - this.#options.now());
  }

  /** The models it rests for, and until when, in milliseconds since the epoch. */
  rests(): { model: string; untilMs: number }[] {
    const now = this.#options.now();
    return Array.from(this.#models, ([model, { restsUntilMs }]) => ({
      model,
      untilMs: restsUntilMs,
    })).filter(({ untilMs }) => untilMs > now);
  }

  /** An attempt has ended: well, or with an error that its provider told. */
  ended(model: string, error: RpcError | undefined): void {
    if (error === undefined) {
      this.answered(model);
      return;
    }
    const { provider, reason, retryAfterMs } = apiErrorInfo(error);
    if (provider === undefined) return;
    if (reason === 'provider_credentials') this.refuse(model, error);
    else if (reason === 'insufficient_quota') this.#rest(model, noMoneyRestMs, error);
    else if (error.code === 'resource_exhausted') this.#rest(model, retryAfterMs, error);
  }

  /** The provider knows the key. */
  answered(model = ''): void {
    const known = this.#models.get(model);
    if (known && known.restsUntilMs <= this.#options.now()) known.refusals = 0;
    if (this.refusedAtMs === undefined) return;
    this.refusedAtMs = undefined;
    this.#tell({ what: 'back', model });
  }

  /** The provider does not know the key: others are asked before it. */
  refuse(model: string, error: RpcError): void {
    const isNews = this.refusedAtMs === undefined;
    this.refusedAtMs = this.#options.now();
    if (isNews) this.#tell({ what: 'refused', model, error });
  }

  /** What another process found out; nobody is told. */
  learn(what: AccountEvent['what'], model: string, forMs: number): void {
    const now = this.#options.now();
    if (what === 'refused') this.refusedAtMs ??= now;
    else if (what === 'back') this.refusedAtMs = undefined;
    else {
      const known = this.#of(model);
      const untilMs = now + Math.min(longestRestMs, forMs);
      known.restsUntilMs = Math.max(known.restsUntilMs, untilMs);
    }
  }

  /** With other settings than before, circuit breakers begin anew. */
  renewCircuits(): void {
    for (const [model, known] of this.#models) known.circuit = this.#options.makeCircuit(model);
  }

  #rest(model: string, askedMs: number | undefined, error: RpcError): void {
    const { now } = this.#options;
    const known = this.#of(model);
    const backOffMs = Math.min(longestBackOffMs, firstRestMs * 2 ** known.refusals);
    known.refusals++;
    const forMs = Math.min(longestRestMs, askedMs ?? backOffMs);
    known.restsUntilMs = Math.max(known.restsUntilMs, now() + forMs);
    this.#tell({ what: 'rests', model, forMs, error });
  }

  #of(model: string): OfModel {
    const known = this.#models.get(model);
    if (known !== undefined) return known;
    if (this.#models.size >= maxModels) {
      const [oldest] = this.#models.keys();
      if (oldest !== undefined) this.#models.delete(oldest);
    }
    const made = { circuit: this.#options.makeCircuit(model), restsUntilMs: 0, refusals: 0 };
    this.#models.set(model, made);
    return made;
  }

  #tell(event: Pick<AccountEvent, 'what' | 'model' | 'forMs' | 'error'>): void {
    const { name, onEvent, provider } = this.#options;
    onEvent({ provider, label: name.label, fingerprint: name.fingerprint, ...event });
  }
}
