import { randomBytes } from 'node:crypto';
import type { Reply } from '../kit/serve.ts';
import { vaultError, vaultReply } from './vault-reply.ts';

/** A role that programs log in as. */
export interface VaultAppRole {
  readonly roleId: string;
  readonly secretId: string;
  /** Beginnings of API paths, such as `secret/data/zeke/`, that its tokens may read. */
  readonly reads: readonly string[];
  /** Of its tokens. */
  readonly ttlSeconds: number;
  /** After which no renewal helps; absent: renewals go on. */
  readonly maxTtlSeconds?: number;
  /** False for tokens that cannot be renewed at all. */
  readonly renewable?: boolean;
}

export interface VaultToken {
  readonly token: string;
  readonly accessor: string;
  readonly namespace: string;
  readonly role: VaultAppRole | undefined;
  readonly createdAtMs: number;
  /** Infinity: a root token. */
  expiresAtMs: number;
}

/** The token store: what it gave out, until it expires or is revoked. */
export class VaultTokens {
  readonly #now: () => number;
  readonly #tokens = new Map<string, VaultToken>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** All that are good now. */
  get live(): readonly VaultToken[] {
    return [...this.#tokens.values()].filter(({ expiresAtMs }) => expiresAtMs > this.#now());
  }

  find(token: string | null, namespace: string): VaultToken | undefined {
    const found = this.live.find((each) => each.token === token);
    return found?.namespace === namespace ? found : undefined;
  }

  /** A token that never expires and may do anything. */
  addRoot(token: string, namespace: string): void {
    this.#add({ token, namespace, role: undefined, expiresAtMs: Number.POSITIVE_INFINITY });
  }

  issue(role: VaultAppRole, namespace: string): Reply {
    const token = `hvs.${randomBytes(18).toString('base64url')}`;
    const expiresAtMs = this.#now() + role.ttlSeconds * 1_000;
    const issued = this.#add({ token, namespace, role, expiresAtMs });
    return vaultReply(200, { auth: this.#authOf(issued) });
  }

  /** `POST auth/token/renew-self`. */
  renew(token: VaultToken): Reply {
    const { createdAtMs, role } = token;
    if (role === undefined || role.renewable === false) {
      return vaultError(400, 'lease is not renewable');
    }
    const wantedMs = this.#now() + role.ttlSeconds * 1_000;
    const lastMs = createdAtMs + (role.maxTtlSeconds ?? Number.POSITIVE_INFINITY) * 1_000;
    token.expiresAtMs = Math.min(wantedMs, lastMs);
    const warnings =
      wantedMs > lastMs
        ? [
            `TTL of "${role.ttlSeconds}s" exceeded the effective max_ttl of "${role.maxTtlSeconds}s"; TTL value is capped accordingly`,
          ]
        : undefined;
    return vaultReply(200, { auth: this.#authOf(token), ...(warnings ? { warnings } : {}) });
  }

  /** `GET auth/token/lookup-self`. */
  lookUp({ accessor, createdAtMs, expiresAtMs, role, token }: VaultToken): Reply {
    const isRoot = role === undefined;
    return vaultReply(200, {
      data: {
        accessor,
        creation_time: Math.floor(createdAtMs / 1_000),
        creation_ttl: role?.ttlSeconds ?? 0,
        expire_time: isRoot ? null : new Date(expiresAtMs).toISOString(),
        explicit_max_ttl: 0,
        id: token,
        num_uses: 0,
        policies: isRoot ? ['root'] : ['default', 'zeke'],
        renewable: !isRoot && role.renewable !== false,
        ttl: isRoot ? 0 : this.#ttlOf(expiresAtMs),
        type: 'service',
      },
    });
  }

  revoke({ token }: Pick<VaultToken, 'token'>): void {
    this.#tokens.delete(token);
  }

  #add(token: Pick<VaultToken, 'token' | 'namespace' | 'role' | 'expiresAtMs'>): VaultToken {
    const accessor = randomBytes(18).toString('base64url');
    const added = { ...token, accessor, createdAtMs: this.#now() };
    this.#tokens.set(token.token, added);
    return added;
  }

  #authOf({ accessor, expiresAtMs, role, token }: VaultToken): unknown {
    const policies = ['default', 'zeke'];
    return {
      client_token: token,
      accessor,
      policies,
      token_policies: policies,
      metadata: { role_name: 'zeke' },
      lease_duration: this.#ttlOf(expiresAtMs),
      renewable: role?.renewable !== false,
      entity_id: crypto.randomUUID(),
      token_type: 'service',
      orphan: true,
      mfa_requirement: null,
      num_uses: 0,
    };
  }

  #ttlOf(expiresAtMs: number): number {
    return Math.max(0, Math.floor((expiresAtMs - this.#now()) / 1_000));
  }
}
