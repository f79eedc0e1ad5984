import type { LimitDialect } from '../governance/rate-limits/limit-headers.ts';
import type { Route } from './route.ts';

/** What asks providers counts for rates; lists, and what is kept here, do not. */
export function isCounted({ dialect, isLookup }: Route): boolean {
  return dialect !== undefined && !isLookup;
}

/** Whose words tell limits in the headers of an answer. */
export function limitDialect({ dialect }: Route): LimitDialect {
  return dialect === 'anthropic-messages' ? 'anthropic' : 'openai';
}

/** Anthropic's clients look for the id elsewhere. */
export function idHeader({ dialect }: Route, requestId: string): Record<string, string> {
  return dialect === 'anthropic-messages' ? { 'request-id': requestId } : {};
}
