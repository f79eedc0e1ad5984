import type { Secret } from '../secrets/secret.ts';

/** A HashiCorp Vault, or an OpenBao, with secrets in a KV version 2 engine. */
export interface VaultConfig {
  /** `https://vault.example.com:8200`, without a slash at its end. */
  readonly address: string;
  /** Without slashes around it; absent: the root namespace. */
  readonly namespace?: string;
  /** Where the KV engine is, without slashes around it. */
  readonly mount: string;
  readonly login: VaultLogin;
  /** The authority of the server's certificate, absolute; absent: those of the system. */
  readonly caFile?: string;
  /** For one answer. */
  readonly timeoutMs: number;
  /** How often values are asked for again. */
  readonly refreshMs: number;
}

export type VaultLogin =
  | { readonly kind: 'token'; readonly token: Secret }
  | {
      readonly kind: 'approle';
      /** Where the AppRole method is, without slashes around it. */
      readonly mount: string;
      readonly roleId: Secret;
      /** Absent for roles that ask for none. */
      readonly secretId?: Secret;
    };
