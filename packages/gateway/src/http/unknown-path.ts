import { nearest } from '@zeke/foundation';
import type { RpcError } from '@zeke/rpc';
import { dialects } from '../dialects/index.ts';
import { apiError } from '../neutral/api-error.ts';
import type { DialectName } from '../neutral/dialect-name.ts';
import { type ErrorEncoder, plainError } from './exchange.ts';
import type { Router } from './route.ts';

/** How a request is answered that no route takes. */
export interface UnknownPath {
  /** 405 where the path takes other methods, else 404 with the path that may be meant. */
  error: RpcError;
  /** In the shape of the clients that ask at such paths. */
  encode: ErrorEncoder;
  headers: Record<string, string>;
}

/** What to say to a request that `router` finds no route for. `path` is without its query. */
export function unknownPath(router: Router, request: Request, path: string): UnknownPath {
  const { headers, method } = request;
  const encode = encoderOf(path, headers);
  const shown = path.slice(0, maxShownChars);
  const methods = router.methodsOf(path);
  if (methods.length > 0) {
    const allow = methods.join(', ');
    const message = `${shown} takes ${allow}, not ${method}`;
    return {
      error: apiError('unimplemented', message, { status: 405 }),
      encode,
      headers: { allow },
    };
  }
  const meant = meantPath(router, method, path);
  const hint = meant === undefined ? '' : `: did you mean ${meant}?`;
  const message = `there is no ${method} ${shown}${hint || ';'} /openapi.json lists what there is`;
  return { error: apiError('not_found', message), encode, headers: {} };
}

const maxShownChars = 200;

/** What the clients of a dialect's official libraries put before their paths. */
const prefixes: readonly (readonly [string, DialectName])[] = [
  ['/v1/messages', 'anthropic-messages'],
  ['/v1beta/', 'gemini'],
  ['/v1alpha/', 'gemini'],
  ['/api/', 'ollama'],
];

function encoderOf(path: string, headers: Headers): ErrorEncoder {
  const known = prefixes.find(([prefix]) => path.startsWith(prefix))?.[1];
  const dialect = known ?? dialectOfHeaders(headers);
  if (!dialect) return plainError;
  return (error, requestId) => dialects[dialect].encodeError(error, requestId);
}

function dialectOfHeaders(headers: Headers): DialectName | undefined {
  if (headers.has('anthropic-version')) return 'anthropic-messages';
  if (headers.has('x-goog-api-key') || headers.has('x-goog-api-client')) return 'gemini';
  return undefined;
}

/**
 * The path that a client means whose address of the gateway has too little at its end, or too much,
 * or that has mistyped it.
 */
function meantPath(router: Router, method: string, path: string): string | undefined {
  if (path.length > maxShownChars) return undefined;
  const bare = path.replaceAll(/\/{2,}/g, '/').replace(/\/$/, '');
  const short = bare.slice(bare.indexOf('/', 1));
  const likely = [bare, `/v1${bare}`, `/v1beta${bare}`, `/api${bare}`, short];
  const found = likely.find((each) => router.find(method, each));
  return found ?? nearest(bare, router.paths(method), 1)[0];
}
