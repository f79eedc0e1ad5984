import { isLoopbackHost } from '../network/loopback.ts';
import { userPath } from '../secrets/references.ts';
import { Secret } from '../secrets/secret.ts';
import { defined } from './defined.ts';
import type { ValidConfig } from './schema.ts';
import type { VaultConfig, VaultLogin } from './vault-config.ts';

type ValidVault = ValidConfig['vault'];
type Remark = (key: string, message: string) => void;

/**
 * `[vault]`; undefined where it is not used. `fault` and `warn` are told the key of what cannot be,
 * or is doubtful, and why.
 */
export function resolveVault(
  vault: ValidVault,
  folder: string,
  { fault, warn }: { readonly fault: Remark; readonly warn: Remark },
): VaultConfig | undefined {
  const { address, ca_file: caFile } = vault;
  const login = loginOf(vault);
  if (address === undefined) {
    if (login !== undefined) fault('address', 'it is missing');
    return undefined;
  }
  checkLogin(vault, fault);
  for (const key of ['mount', 'auth_mount', 'namespace'] as const) {
    const path = vault[key];
    if (path === undefined || isPath(withoutSlashes(path))) continue;
    fault(key, 'it is no path, such as secret or teams/ai');
  }
  const { hostname, protocol } = new URL(address);
  if (protocol === 'http:' && !isLoopbackHost(hostname)) {
    warn('address', 'tokens and secrets go over the network in the clear; use https://');
  }
  if (login === undefined) return undefined;
  return defined({
    address: address.replace(/\/+$/, ''),
    namespace: vault.namespace === undefined ? undefined : withoutSlashes(vault.namespace),
    mount: withoutSlashes(vault.mount),
    login,
    caFile: caFile === undefined ? undefined : userPath(caFile, folder),
    timeoutMs: vault.timeout_ms,
    refreshMs: vault.refresh_interval_ms,
  });
}

function loginOf(vault: ValidVault): VaultLogin | undefined {
  const { role_id: roleId, secret_id: secretId, token } = vault;
  if (token !== undefined) return { kind: 'token', token: new Secret(token) };
  if (roleId === undefined) return undefined;
  return {
    kind: 'approle',
    mount: withoutSlashes(vault.auth_mount),
    roleId: new Secret(roleId),
    ...(secretId === undefined ? {} : { secretId: new Secret(secretId) }),
  };
}

function checkLogin({ role_id: roleId, secret_id: secretId, token }: ValidVault, fault: Remark) {
  if (token !== undefined && (roleId ?? secretId) !== undefined) {
    fault('token', 'role_id or secret_id is given, too: give a token or an AppRole');
  }
  if (secretId !== undefined && roleId === undefined) {
    fault('role_id', 'it is missing: secret_id belongs to an AppRole');
  } else if (token === undefined && roleId === undefined) {
    fault('token', 'it is missing: give it, or role_id and secret_id');
  }
}

function withoutSlashes(path: string): string {
  return path.replace(/^\/+|\/+$/g, '');
}

function isPath(path: string): boolean {
  return path.split('/').every((part) => /^[\w.-]+$/.test(part) && !/^\.\.?$/.test(part));
}
