import type { RpcError } from '@zeke/rpc';

/** How long a model that failed is not asked; doubles with each failure after. */
const firstRestMs = 1_000;
const maxRestMs = 60_000;
/** Failures that will not pass by themselves rest this long at once. */
const lastingRestMs = 60_000;

const lasting: ReadonlySet<string> = new Set([
  ...['unauthenticated', 'permission_denied', 'not_found', 'invalid_argument'],
  ...['unimplemented', 'failed_precondition'],
]);

type State =
  | { readonly kind: 'reached' }
  | {
      readonly kind: 'resting';
      readonly until: number;
      readonly failures: number;
      readonly reason: string;
    }
  /** One request finds out whether it is back. */
  | { readonly kind: 'trying'; readonly failures: number; readonly reason: string };

/** Whether a model can be asked: after failures it rests, and then one request tries it again. */
export class ModelReach {
  readonly #now: () => number;
  #state: State = { kind: 'reached' };

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Why it is not there; undefined where it was, when it was asked last. */
  get reason(): string | undefined {
    return this.#state.kind === 'reached' ? undefined : this.#state.reason;
  }

  /** Nothing is to be asked now. */
  get isResting(): boolean {
    const state = this.#state;
    return state.kind === 'trying' || (state.kind === 'resting' && state.until > this.#now());
  }

  /** Whether to ask it now. A true answer is followed by one of the other three. */
  mayAsk(): boolean {
    if (this.isResting) return false;
    if (this.#state.kind === 'resting') this.#state = { ...this.#state, kind: 'trying' };
    return true;
  }

  noteAnswer(): void {
    this.#state = { kind: 'reached' };
  }

  /** It was asked, and nobody waited for the answer. */
  noteNothing(): void {
    const state = this.#state;
    if (state.kind === 'trying') this.#state = { ...state, kind: 'resting', until: this.#now() };
  }

  noteFailure({ code, message }: RpcError): void {
    const failures = this.#state.kind === 'reached' ? 1 : this.#state.failures + 1;
    const growing = Math.min(maxRestMs, firstRestMs * 2 ** (failures - 1));
    const restMs = lasting.has(code) ? lastingRestMs : growing;
    this.#state = { kind: 'resting', until: this.#now() + restMs, failures, reason: message };
  }
}
