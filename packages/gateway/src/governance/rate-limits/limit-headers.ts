import type { LimitResult } from '@zeke/foundation/limits';
import type { SubjectGroup, SubjectRate } from './subject-group.ts';

/** Whose words the headers are in. */
export type LimitDialect = 'anthropic' | 'openai';

const names = {
  openai: {
    requests: namesOf((of) => `x-ratelimit-${of}-requests`),
    tokens: namesOf((of) => `x-ratelimit-${of}-tokens`),
  },
  anthropic: {
    requests: namesOf((of) => `anthropic-ratelimit-requests-${of}`),
    tokens: namesOf((of) => `anthropic-ratelimit-tokens-${of}`),
  },
} as const;

function namesOf(name: (of: string) => string) {
  return { limit: name('limit'), remaining: name('remaining'), reset: name('reset') };
}

/** What is left to a caller: of those that it counts for, of whoever has the least. */
export interface LimitsLeft {
  readonly requests: LimitResult | undefined;
  readonly tokens: LimitResult | undefined;
}

/** What is left now, by the counts of this process. */
export function limitsLeft({ rates }: SubjectGroup): LimitsLeft {
  return { requests: ofLeast(rates.requests), tokens: ofLeast(rates.tokens) };
}

/**
 * Writes what is left to a caller into the headers of an answer, as OpenAI does
 * (`x-ratelimit-remaining-requests`) or Anthropic (`anthropic-ratelimit-requests-remaining`). A
 * provider's own, where it `holdsOthers`, are about the gateway's account there; they move to
 * `x-zeke-provider-…` then, so that nobody takes one for the other.
 */
export function setLimitHeaders(
  headers: Headers,
  left: LimitsLeft,
  dialect: LimitDialect,
  holdsOthers: boolean,
): void {
  const own: Record<string, string> = {};
  if (holdsOthers) {
    headers.forEach((value, name) => {
      if (isProvidersOwn(name)) own[name] = value;
    });
  }
  const told = { ...own };
  addLimitHeaders(told, left, dialect, holdsOthers);
  for (const name of Object.keys(own)) if (told[name] === undefined) headers.delete(name);
  for (const [name, value] of Object.entries(told)) headers.set(name, value);
}

/** The same for headers of which no `Headers` are made yet; names are in lower case. */
export function addLimitHeaders(
  headers: Record<string, string>,
  { requests, tokens }: LimitsLeft,
  dialect: LimitDialect,
  holdsOthers: boolean,
): void {
  if (!requests && !tokens) return;
  if (holdsOthers) moveAside(headers);
  if (requests) add(headers, names[dialect].requests, requests, dialect);
  if (tokens) add(headers, names[dialect].tokens, tokens, dialect);
}

function add(
  headers: Record<string, string>,
  { limit, remaining, reset }: ReturnType<typeof namesOf>,
  result: LimitResult,
  dialect: LimitDialect,
): void {
  headers[limit] = String(result.limit);
  headers[remaining] = String(result.remaining);
  headers[reset] = resetText(result, dialect);
}

function ofLeast(rates: readonly SubjectRate[]): LimitResult | undefined {
  let found: SubjectRate | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const rate of rates) {
    const left = rate.limiter.remaining(rate.key);
    if (left >= least) continue;
    found = rate;
    least = left;
  }
  return found?.limiter.check(found.key, 0);
}

/** The one with the least left. */
export function leastOf(results: readonly (LimitResult | undefined)[]): LimitResult | undefined {
  let found: LimitResult | undefined;
  for (const result of results) {
    if (result && (!found || result.remaining < found.remaining)) found = result;
  }
  return found;
}

function moveAside(headers: Record<string, string>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (!isProvidersOwn(name)) continue;
    delete headers[name];
    headers[`x-zeke-provider-${name}`] = value;
  }
}

function isProvidersOwn(name: string): boolean {
  // Most headers of most answers are none, and told so by one look.
  if (!name.includes('ratelimit-')) return false;
  return name.startsWith('x-ratelimit-') || name.startsWith('anthropic-ratelimit-');
}

/** Anthropic writes a time (RFC 3339), OpenAI a duration. */
function resetText({ resetAfterMs, resetAtMs }: LimitResult, dialect: LimitDialect): string {
  return dialect === 'openai'
    ? durationText(resetAfterMs)
    : new Date(resetAtMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

const minuteMs = 60_000;
const hourMs = 3_600_000;

/** As OpenAI writes it, and Go: `120ms`, `1.5s`, `6m0s`, `1h0m5s`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${ms}ms`;
  const hours = Math.floor(ms / hourMs);
  const minutes = Math.floor((ms % hourMs) / minuteMs);
  const seconds = (ms % minuteMs) / 1_000;
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}
