/** The least and the most that is waited for a pause in the typing. */
const minWaitMs = 15;
const maxWaitMs = 300;
/** Times between keys beyond this are pauses and say nothing of the speed. */
const pauseMs = 1_000;
/** How much the newest time between keys counts. */
const weight = 0.3;

/**
 * How long to wait before a model is asked while somebody types: a little longer than the time between two
 * of their keys, so that most requests that the next key would make useless are never sent. A model that
 * answers fast is asked sooner, since less is lost; a slow one later.
 */
export class TypingPace {
  #lastAt: number | undefined;
  #betweenMs = 120;

  /** A key was typed, at this time in milliseconds. */
  note(at: number): void {
    const between = this.#lastAt === undefined ? pauseMs : at - this.#lastAt;
    this.#lastAt = at;
    if (between < pauseMs) this.#betweenMs += weight * (between - this.#betweenMs);
  }

  /** In milliseconds. `modelMs` is how long the model takes to begin its answer. */
  waitMs(modelMs: number): number {
    // A model as fast as the keys is asked at each; one four times as slow after a whole key's time.
    const share = Math.min(1.2, Math.max(0.2, modelMs / (4 * Math.max(1, this.#betweenMs))));
    return Math.round(Math.min(maxWaitMs, Math.max(minWaitMs, share * this.#betweenMs)));
  }
}
