import { RpcError } from '@zeke/rpc';
import { printable } from './output.ts';

/** The code in what a browser brings back from a login. Throws `unauthenticated` when the login was refused. */
export function loginCode(query: URLSearchParams): string {
  const code = query.get('code');
  if (code) return code;
  const why = query.get('error_description') ?? query.get('error') ?? 'there is no code';
  throw new RpcError('unauthenticated', `the login failed: ${printable(why.slice(0, 500))}`);
}
