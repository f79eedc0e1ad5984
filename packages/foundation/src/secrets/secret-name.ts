import { RpcError } from '@zeke/rpc';

/** Whether this may name a secret: 1 to 200 letters, digits, ".", "_", "-" and "/", a letter or digit first. */
export function isSecretName(name: string): boolean {
  return /^[A-Za-z0-9][\w./-]{0,199}$/.test(name);
}

/** The same name. Throws `invalid_argument` for one that a keychain or a person would stumble over. */
export function checkedSecretName(name: string): string {
  if (isSecretName(name)) return name;
  throw new RpcError(
    'invalid_argument',
    `${JSON.stringify(name.slice(0, 250))} is no name for a secret: use up to 200 letters, digits, ".", "_", "-" and "/", a letter or digit first`,
  );
}
