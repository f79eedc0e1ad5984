import type { Target } from './request-text.ts';

/** Looks a variable of the environment up. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Whether the environment sends requests to this server over a proxy: HTTP_PROXY or HTTPS_PROXY,
 * also in lower case, and the server is none of NO_PROXY (`*`, names with all below them, addresses,
 * each with or without a port).
 */
export function isProxied(
  { authority, host, port, secure }: Target,
  environment: Environment,
): boolean {
  const { HTTP_PROXY, HTTPS_PROXY, NO_PROXY, http_proxy, https_proxy, no_proxy } = environment;
  const proxy = secure ? HTTPS_PROXY || https_proxy : HTTP_PROXY || http_proxy;
  if (!proxy) return false;
  const except = NO_PROXY || no_proxy || '';
  return !except.split(',').some((entry) => {
    const named = entry
      .trim()
      .toLowerCase()
      .replace(/^\*?\./, '');
    if (named === '*') return true;
    return [host, authority, `${host}:${port}`].some(
      (own) => named !== '' && (own === named || own.endsWith(`.${named}`)),
    );
  });
}
