import type { AccountName } from '../providers/provider.ts';

/**
 * What one process found out of a model, or of one of several keys, that others need not find out
 * again: that its breaker opened or closed, or what became of the key.
 */
export interface RestNews {
  readonly provider: string;
  readonly model: string;
  readonly what: 'open' | 'closed' | 'rests' | 'refused' | 'back';
  /** The key, where the provider has several. */
  readonly account?: AccountName;
  /** Of a rest, in milliseconds. */
  readonly forMs?: number;
}

const kinds: ReadonlySet<unknown> = new Set(['open', 'closed', 'rests', 'refused', 'back']);
const maxNameChars = 1_000;

/** What another process says; undefined for what is none. */
export function readRestNews(detail: unknown): RestNews | undefined {
  if (typeof detail !== 'object' || detail === null) return undefined;
  const { account, forMs, model, provider, what } = detail as Record<string, unknown>;
  if (!(isName(provider) && isName(model) && kinds.has(what))) return undefined;
  const isKeyNews = what !== 'open' && what !== 'closed';
  const key = readAccount(account);
  if (isKeyNews && key === undefined) return undefined;
  if (what === 'rests' && !(typeof forMs === 'number' && forMs >= 0)) return undefined;
  return {
    provider,
    model,
    what: what as RestNews['what'],
    ...(key === undefined ? {} : { account: key }),
    ...(typeof forMs === 'number' ? { forMs } : {}),
  };
}

function readAccount(account: unknown): AccountName | undefined {
  if (typeof account !== 'object' || account === null) return undefined;
  const { fingerprint, label } = account as Record<string, unknown>;
  return isName(fingerprint) && isName(label) ? { fingerprint, label } : undefined;
}

function isName(text: unknown): text is string {
  return typeof text === 'string' && text.length <= maxNameChars;
}
