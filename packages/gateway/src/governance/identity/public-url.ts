import type { AuthSettings } from '../authenticate.ts';

type PublicAddress = {
  readonly [Key in 'listensWithTls' | 'publicUrl']?: AuthSettings[Key] | undefined;
};

/**
 * How browsers and clients reach this gateway, without a slash at its end: `auth.public_url`, else as
 * this request came, over TLS where a proxy before us says so. What a client makes of its own headers
 * is told to that client only.
 */
export function publicUrlOf(
  { listensWithTls, publicUrl }: PublicAddress,
  { headers, url }: Request,
): string {
  if (publicUrl !== undefined) return publicUrl;
  const { host, protocol } = new URL(url);
  const isSecure =
    listensWithTls || protocol === 'https:' || headers.get('x-forwarded-proto') === 'https';
  return `${isSecure ? 'https' : 'http'}://${host}`;
}
