import { RpcError } from '@zeke/rpc';
import { boundedText, keySetUrl, parseJson, type RemoteKeySetOptions } from './remote-key-set.ts';

/**
 * The key set of an issuer that tells in its metadata where it is: OpenID Connect Discovery 1.0,
 * section 4. The metadata is asked for whenever the key set is, within the same time and limits; it
 * must name the very issuer, and a key set on HTTPS, or on this machine.
 */
export function issuerKeySet(
  issuer: string,
  options: Omit<RemoteKeySetOptions, 'url'> = {},
): RemoteKeySetOptions {
  const { fetch: fetcher = fetch } = options;
  const url = `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`;
  return {
    ...options,
    url,
    fetch: async (address, init) => {
      const response = await fetcher(address, init);
      if (response.status !== 200) return response;
      const metadata = parseJson(await boundedText(response));
      return await fetcher(keySetOf(metadata, issuer), init);
    },
  };
}

function keySetOf(metadata: unknown, issuer: string): string {
  const { issuer: named, jwks_uri: url } = (metadata ?? {}) as Record<string, unknown>;
  if (named !== issuer) {
    throw new RpcError('unavailable', 'the metadata is that of another issuer than was asked');
  }
  if (typeof url !== 'string') throw new RpcError('unavailable', 'the metadata names no key set');
  return keySetUrl(url);
}
