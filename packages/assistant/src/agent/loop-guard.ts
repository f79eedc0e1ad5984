/** So often a call fails in the same way before the run ends. */
const maxFailures = 3;
/** So often a call gives the same before the model is told. */
const maxRepeats = 3;
/** So many calls in a row are denied before the run ends. */
const maxDenials = 3;

export type GuardWord = 'go-on' | 'repeats' | 'failed-again' | 'denied-again';

/**
 * Watches for a model that runs in circles. What a call fails with or gives counts from the last time
 * that a file changed or the user spoke: after that the same call is another try.
 */
export class LoopGuard {
  readonly #failures = new Map<string, number>();
  readonly #results = new Map<string, { text: string; times: number }>();
  #denials = 0;

  /** `call` is the name with its arguments. */
  note(call: string, outcome: 'ok' | 'failed' | 'denied', text: string): GuardWord {
    if (outcome === 'denied') {
      this.#denials += 1;
      return this.#denials >= maxDenials ? 'denied-again' : 'go-on';
    }
    this.#denials = 0;
    if (outcome === 'failed') {
      const times = (this.#failures.get(call) ?? 0) + 1;
      this.#failures.set(call, times);
      return times >= maxFailures ? 'failed-again' : 'go-on';
    }
    this.#failures.delete(call);
    const last = this.#results.get(call);
    const times = last?.text === text ? last.times + 1 : 1;
    this.#results.set(call, { text, times });
    return times >= maxRepeats ? 'repeats' : 'go-on';
  }

  /** A file changed, or the user said something. */
  clear(): void {
    this.#failures.clear();
    this.#results.clear();
    this.#denials = 0;
  }
}
