import type { LimitDialect } from '../governance/rate-limits/limit-headers.ts';
import type { Route, Router } from './route.ts';

/** Where a request came in: at an address for the admin API alone, or at one for everything else. */
export type Door = 'admin' | 'public';

/** What is found there; what needs no right is found at both. */
export function doorsOf(router: Router): Readonly<Record<Door, Router>> {
  const isOpen = ({ needs }: Route) => needs === 'nothing' || needs === 'identity';
  return {
    admin: router.only((route) => isOpen(route) || route.needs !== 'models.call'),
    public: router.only((route) => isOpen(route) || route.needs === 'models.call'),
  };
}

/** What asks providers counts for rates; lists, and what is kept here, do not. */
export function isCounted({ dialect, isLookup }: Route): boolean {
  return dialect !== undefined && !isLookup;
}

/** Whose words tell limits in the headers of an answer. */
export function limitDialect(dialect: Route['dialect']): LimitDialect {
  return dialect === 'anthropic-messages' ? 'anthropic' : 'openai';
}

/** Anthropic's clients look for the id elsewhere. */
export function idHeader({ dialect }: Route, requestId: string): Record<string, string> {
  return dialect === 'anthropic-messages' ? { 'request-id': requestId } : {};
}
