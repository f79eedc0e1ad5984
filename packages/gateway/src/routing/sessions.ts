import type { Candidate } from './model-catalog.ts';

/** Sessions that are remembered; the one that was used longest ago is forgotten first. */
const maxSessions = 10_000;
const forgottenAfterMs = 3_600_000;

interface Kept {
  readonly provider: string;
  readonly model: string;
  usedAt: number;
}

/** Who answers a session from now on. */
export interface SessionNews {
  readonly key: string;
  readonly provider: string;
  readonly model: string;
}

const maxNewsChars = 10_000;

/** What another process says of a session; undefined for what says nothing. */
export function readSessionNews(detail: unknown): SessionNews | undefined {
  if (typeof detail !== 'object' || detail === null) return undefined;
  const { key, model, provider } = detail as Record<string, unknown>;
  const isNews = [key, model, provider].every(
    (each) => typeof each === 'string' && each.length <= maxNewsChars,
  );
  return isNews ? (detail as SessionNews) : undefined;
}

/** Remembers who answered a session, so that the provider's prompt cache serves its next request. */
export class Sessions {
  readonly #kept = new Map<string, Kept>();
  readonly #now: () => number;
  readonly #onNew: ((session: SessionNews) => void) | undefined;

  /** `now`: milliseconds since the epoch. `onNew` is told who begins to answer a session. */
  constructor(now: () => number, onNew?: (session: SessionNews) => void) {
    this.#now = now;
    this.#onNew = onNew;
  }

  keep(key: string, { model, provider: { name: provider } }: Candidate): void {
    const known = this.#kept.get(key);
    this.learn({ key, provider, model });
    if (this.#onNew === undefined) return;
    const isNew = known?.provider !== provider || known.model !== model;
    if (isNew) this.#onNew({ key, provider, model });
  }

  /** Another process has begun to answer a session so. */
  learn({ key, model, provider }: SessionNews): void {
    this.#kept.delete(key);
    if (this.#kept.size >= maxSessions) {
      const [oldest] = this.#kept.keys();
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
    this.#kept.set(key, { provider, model, usedAt: this.#now() });
  }

  /** Of these candidates, the one that answered the session last. */
  find(key: string, candidates: readonly Candidate[]): Candidate | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined || this.#now() - kept.usedAt > forgottenAfterMs) return undefined;
    return candidates.find(
      ({ model, provider }) => provider.name === kept.provider && model === kept.model,
    );
  }
}
