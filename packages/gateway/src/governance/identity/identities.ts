import type { AuthSettings, CredentialSource } from '../authenticate.ts';
import { CertificateCallers } from './certificate-callers.ts';
import { Logins, type LoginsOptions } from './logins.ts';
import { OwnTokens } from './own-tokens.ts';
import { sessionSource } from './session-source.ts';
import { TokenCallers, type TokenCallersOptions } from './token-callers.ts';
import { UsedOnce } from './used-once.ts';

export type IdentitiesOptions = TokenCallersOptions & Omit<LoginsOptions, 'used'>;

/** How callers are known beside keys, under the configuration in force. */
export class Identities {
  readonly #options: IdentitiesOptions;
  readonly #tokens: TokenCallers;
  readonly #certificates: CertificateCallers;
  readonly #used = new UsedOnce();
  #own: OwnTokens | undefined;
  #logins: Logins | undefined;
  #sessions: CredentialSource | undefined;

  /** There are keys only, until `configure`. */
  constructor(options: IdentitiesOptions) {
    this.#options = options;
    this.#tokens = new TokenCallers(options);
    this.#certificates = new CertificateCallers(options);
  }

  /** Logins that are under way have to begin again only where signing keys or provider are others. */
  configure(settings: AuthSettings): void {
    const { jwt = [], mtls = [], oauth, oidc, signingKeys } = settings;
    const issuesTokens = oauth !== undefined || oidc !== undefined;
    const own =
      issuesTokens && signingKeys ? new OwnTokens(signingKeys, this.#options.now) : undefined;
    this.#own = own;
    const used = this.#used;
    this.#logins = oidc && own ? new Logins(oidc, own, { ...this.#options, used }) : undefined;
    this.#sessions = this.#logins && sessionSource(this.#options.keys, settings);
    this.#tokens.configure(jwt, oauth === undefined ? undefined : own);
    this.#certificates.configure(mtls);
  }

  /** Tokens of zeke's own; absent where neither the token endpoint nor logins are configured. */
  get own(): OwnTokens | undefined {
    return this.#own;
  }

  /** Absent where nobody logs in. */
  get logins(): Logins | undefined {
    return this.#logins;
  }

  /** Undefined where keys are all that there is. */
  get sources(): readonly CredentialSource[] | undefined {
    // What a caller says wins over what its connection has shown.
    const all = [this.#tokens.source, this.#sessions, this.#certificates.source];
    const sources = all.filter((each) => each !== undefined);
    return sources.length > 0 ? sources : undefined;
  }
}
