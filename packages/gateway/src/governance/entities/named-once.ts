import { RpcError } from '@zeke/rpc';
import { apiError } from '../../neutral/api-error.ts';

/** Writes a row whose name has to be one of a kind. Throws `already_exists` that says so. */
export async function namedOnce<T>(
  what: string,
  name: string,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (reason) {
    if (RpcError.from(reason).code !== 'already_exists') throw reason;
    throw apiError('already_exists', `${name} is the name of another ${what}`, {
      param: 'name',
      cause: reason,
    });
  }
}

/** `org_0193…`: ids grow with time. */
export function newId(prefix: 'org' | 'team' | 'user'): string {
  return `${prefix}_${Bun.randomUUIDv7('hex').replaceAll('-', '')}`;
}
