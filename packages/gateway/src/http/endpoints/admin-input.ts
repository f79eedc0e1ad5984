import type { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import type { Caller } from '../../governance/authenticate.ts';
import type { Role } from '../../governance/permissions.ts';
import { apiError } from '../../neutral/api-error.ts';

/** What a schema makes of a value. Throws `invalid_argument` for its first fault. */
export function parsed<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue?.code !== 'unrecognized_keys') {
    throw wrong(issue?.path.join('.') ?? '', issue?.message ?? 'it is not valid');
  }
  const [key = ''] = issue.keys;
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  throw wrong(key, `there is no such field, but ${known.join(', ')}`);
}

/** An `invalid_argument` that names its field. */
export function wrong(param: string, message: string): RpcError {
  const shown = param.slice(0, 200);
  return apiError(
    'invalid_argument',
    shown === '' ? message : `${shown}: ${message}`,
    shown === '' ? {} : { param: shown },
  );
}

/** The caller would act for one, or make one, who may more than itself. */
export function roleAbove(caller: Caller, role: Role): RpcError {
  return apiError(
    'permission_denied',
    `the role ${caller.role} may not act for ${role === 'admin' ? 'an' : 'a'} ${role}`,
    { reason: 'permission_denied' },
  );
}

/** A text that people are shown, on one line. */
export function shownText() {
  return z
    .string(required('it must be text'))
    .min(1, 'it is empty')
    .max(200, 'it is longer than 200 characters')
    .regex(/^[^\p{Cc}\u2028\u2029]*$/u, 'it has a line break or another control character');
}

/** One of these words; the error says which there are. */
export function oneOf<const Names extends readonly [string, ...string[]]>(names: Names) {
  return z.enum(names, required(`it must be one of ${names.join(', ')}`));
}

/** A list of one or more. */
export function filledList<Item extends z.ZodType>(item: Item) {
  return z.array(item, required('it must be a list')).min(1, 'the list is empty');
}

/** An error text for a wrong value, and one for none. */
function required(message: string) {
  return {
    error: ({ input }: { readonly input?: unknown }) =>
      input === undefined ? 'it is missing' : message,
  };
}
