import { Secret } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { Context } from './context.ts';
import { readSecretText } from './secret-input.ts';

/**
 * The value of a secret: piped in, or typed without being shown. Throws `canceled` when a person
 * leaves, and `invalid_argument` where there is no value or nobody who could hide what is typed.
 */
export async function askForSecret({ interactive, stdin }: Context, name: string): Promise<Secret> {
  if (!interactive && stdin.isTTY) {
    throw new RpcError('invalid_argument', 'pipe the value in: what is typed would be seen here');
  }
  if (!interactive) return readSecretText(stdin);
  const { password, isCancel } = await import('@clack/prompts');
  const value = await password({
    message: `The value of ${name}`,
    validate: (text) => (text ? undefined : 'A value is needed'),
  });
  if (isCancel(value)) throw new RpcError('canceled', 'nothing was changed');
  return new Secret(value);
}
