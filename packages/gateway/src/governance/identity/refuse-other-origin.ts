import { RpcError } from '@zeke/rpc';

/**
 * For credentials that a browser sends by itself. Throws `permission_denied` for what a page of another
 * origin asks, which would act in its visitor's name. Programs state no origin.
 */
export function refuseOtherOrigin({ headers, url }: Request): void {
  const origin = headers.get('origin');
  if (origin === null) {
    const site = headers.get('sec-fetch-site');
    if (site === null || site === 'same-origin' || site === 'none') return;
  } else {
    // HTTP/2 has no such header; there the name stands in the address.
    const host = headers.get('host') ?? URL.parse(url)?.host;
    if (host !== undefined && URL.parse(origin)?.host === host) return;
  }
  throw new RpcError(
    'permission_denied',
    'the gateway does not take a certificate from web pages of other origins',
  );
}
