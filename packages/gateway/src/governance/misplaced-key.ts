import type { RpcError } from '@zeke/rpc';
import { apiError } from '../neutral/api-error.ts';
import { keyPrefix } from './key-store.ts';

/** Names of query parameters that clients put keys into. */
const keyParameters = ['key', 'api_key', 'apikey', 'api-key', 'access_token', 'token'] as const;

/** Headers that are looked through for a key that stands in the wrong one. */
const maxHeaders = 100;

/**
 * The refusal of a key of this gateway in a query, which servers and proxies on the way write into their
 * logs; undefined where there is none. The message has the parameter's name, never the key.
 */
export function keyInQuery(query: string): RpcError | undefined {
  if (!query.includes(keyPrefix)) return undefined;
  for (const [name, value] of new URLSearchParams(query)) {
    if (value.startsWith(keyPrefix)) return misplaced(`the query's ${shown(name)}`);
  }
  return undefined;
}

/**
 * Why a request that brought no key may have meant to: the refusal names the place in which something
 * like one stands. For requests that are refused anyway, since all headers are looked at.
 */
export function misplacedKey(headers: Headers, query: string): RpcError | undefined {
  if (query !== '') {
    const parameters = new URLSearchParams(query);
    const name = keyParameters.find((each) => parameters.get(each));
    if (name !== undefined) return misplaced(`the query's ${name}`);
  }
  const authorization = headers.get('authorization')?.trim();
  if (authorization) {
    const scheme = /^[\w-]{1,20}(?= )/.exec(authorization)?.[0];
    if (scheme === undefined) return misplaced('the header authorization without the word Bearer');
    if (scheme.toLowerCase() !== 'bearer') {
      return misplaced(`the header authorization as ${scheme}`);
    }
  }
  let left = maxHeaders;
  for (const [name, value] of headers) {
    if (left === 0) break;
    left -= 1;
    if (holdsKey(value)) return misplaced(`the header ${shown(name)}`);
  }
  return undefined;
}

/** `zk-…`, alone, after a word or as one of several values. */
function holdsKey(value: string): boolean {
  return /(?:^|[\s=;,:"])zk-[\w-]{43}(?![\w-])/.test(value.slice(0, 4_096));
}

function misplaced(where: string): RpcError {
  return apiError(
    'unauthenticated',
    `an API key is expected in the header Authorization: Bearer zk-…, or x-api-key, and not in ${where}`,
    { reason: 'invalid_api_key' },
  );
}

function shown(name: string): string {
  return name.startsWith(keyPrefix) ? 'parameters' : name.slice(0, 50);
}
