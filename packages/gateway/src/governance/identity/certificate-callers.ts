import type { CertificateHolder, CertificateRuleConfig } from '@zeke/foundation';
import type { RpcError } from '@zeke/rpc';
import { apiError } from '../../neutral/api-error.ts';
import { type Caller, type CredentialSource, callerOfKey } from '../authenticate.ts';
import type { ClientCertificate } from '../client-certificate.ts';
import type { KeyStore } from '../key-store.ts';
import { foundAgain, type KnownCaller } from './known-caller.ts';
import { matchCertificate } from './match-certificate.ts';
import type { Principals } from './principals.ts';
import { refuseOtherOrigin } from './refuse-other-origin.ts';

/** Certificates whose holder is remembered. */
const maxKnown = 10_000;

export interface CertificateCallersOptions {
  keys: KeyStore;
  principals: Principals;
  /** Milliseconds since the epoch. */
  now: () => number;
}

interface Known extends KnownCaller {
  /** The id of the key that it stands for. */
  key: string | undefined;
}

/**
 * Callers with a certificate (mTLS), which the listener has verified. Whose it is, the rules say; who
 * that is, is remembered as long as a key is believed, also while the database is away, so that a key
 * that is revoked, or a user that is removed, is heeded by the next request.
 */
export class CertificateCallers {
  readonly #options: CertificateCallersOptions;
  #rules: readonly CertificateRuleConfig[] = [];
  /** By fingerprint. */
  #known = new Map<string, Known>();

  constructor(options: CertificateCallersOptions) {
    this.#options = options;
  }

  configure(rules: readonly CertificateRuleConfig[]): void {
    this.#rules = rules;
    this.#known = new Map();
  }

  /** Undefined where no certificate is a credential. */
  get source(): CredentialSource | undefined {
    if (this.#rules.length === 0) return undefined;
    return ({ certificate, request }) => {
      const shown = certificate?.(request);
      if (shown === undefined) return undefined;
      // A browser shows it to this gateway by itself, whatever page it is that asks.
      refuseOtherOrigin(request);
      return this.callerOf(shown);
    };
  }

  /**
   * Who holds this certificate. Throws, or rejects with, `unauthenticated` where it has expired on an
   * open connection, where no rule fits, and where the key or user that is named is not there.
   */
  callerOf(certificate: ClientCertificate): Caller | Promise<Caller> {
    const { keys, now } = this.#options;
    if (now() >= certificate.expiresAtMs) throw refused(certificate, 'has expired');
    const known = this.#known.get(certificate.fingerprint);
    if (known === undefined) return this.#find(certificate);
    if (!keys.isCurrent(known.mark)) return this.#findAgain(certificate.fingerprint, known);
    if (known.key !== undefined) keys.used(known.key);
    return known.caller;
  }

  async #find(certificate: ClientCertificate): Promise<Caller> {
    const remembered = this.#known;
    const match = matchCertificate(this.#rules, certificate);
    if (match === undefined) {
      throw refused(certificate, 'names nobody who may call here (auth.mtls)');
    }
    const { rule, star } = match;
    const find = () => this.#callerBy(rule.name, rule.holder, star);
    const mark = this.#options.keys.mark();
    const caller = await find();
    const oldest = remembered.size >= maxKnown ? remembered.keys().next().value : undefined;
    if (oldest !== undefined) remembered.delete(oldest);
    const key = rule.holder.kind === 'key' ? rule.holder.id : undefined;
    remembered.set(certificate.fingerprint, { caller, key, mark, find });
    return caller;
  }

  async #findAgain(fingerprint: string, known: Known): Promise<Caller> {
    try {
      return await foundAgain(this.#options.keys, known);
    } catch (reason) {
      this.#known.delete(fingerprint);
      throw reason;
    }
  }

  async #callerBy(
    rule: string,
    holder: CertificateHolder,
    star: string | undefined,
  ): Promise<Caller> {
    const { keys, principals } = this.#options;
    if (holder.kind === 'key') {
      return { ...callerOfKey(await keys.usable(holder.id)), credential: 'certificate' };
    }
    const { grants, org, team, tier } = holder;
    const user = holder.user === '*' ? star : holder.user;
    const claimed = { org, grants, ...(user && { user }), ...(team && { team }) };
    const found = await principals.find(rule, claimed, noClaims);
    return {
      // What stands for a key wherever callers are told apart: limits, the cache, the ledger.
      keyId: `mtls:${rule}:${found.userId ?? found.teamId}`,
      credential: 'certificate',
      owner: found.name,
      admin: grants.includes('admin'),
      inference: grants.includes('inference'),
      role: found.role,
      orgId: found.orgId,
      ...(found.teamId === undefined ? {} : { teamId: found.teamId }),
      ...(found.userId === undefined ? {} : { userId: found.userId }),
      ...(tier === undefined ? {} : { tier }),
    };
  }
}

/** A certificate has no claims, and makes no users. */
const noClaims = {
  userClaim: '',
  roles: new Map(),
  defaultRole: 'member',
  grants: [],
  provision: false,
} as const;

function refused({ subject }: ClientCertificate, why: string): RpcError {
  const name = subject.join(', ').slice(0, 200) || 'without a subject';
  return apiError('unauthenticated', `the client certificate ${name} ${why}`, {
    reason: 'invalid_api_key',
  });
}
