import type { AuthSettings, CredentialSource } from '../authenticate.ts';
import { CertificateCallers } from './certificate-callers.ts';
import { OwnTokens } from './own-tokens.ts';
import { TokenCallers, type TokenCallersOptions } from './token-callers.ts';

/** How callers are known beside keys, under the configuration in force. */
export class Identities {
  readonly #options: TokenCallersOptions;
  readonly #tokens: TokenCallers;
  readonly #certificates: CertificateCallers;
  #own: OwnTokens | undefined;

  /** There are keys only, until `configure`. */
  constructor(options: TokenCallersOptions) {
    this.#options = options;
    this.#tokens = new TokenCallers(options);
    this.#certificates = new CertificateCallers(options);
  }

  configure({ jwt = [], mtls = [], oauth, oidc, signingKeys }: AuthSettings): void {
    const isOn = oauth !== undefined || oidc !== undefined;
    this.#own = isOn && signingKeys ? new OwnTokens(signingKeys, this.#options.now) : undefined;
    this.#tokens.configure(jwt, oauth === undefined ? undefined : this.#own);
    this.#certificates.configure(mtls);
  }

  /** Tokens of zeke's own; absent where neither the token endpoint nor logins are configured. */
  get own(): OwnTokens | undefined {
    return this.#own;
  }

  /** Undefined where keys are all that there is. */
  get sources(): readonly CredentialSource[] | undefined {
    // What a caller says wins over what its connection has shown.
    const all = [this.#tokens.source, this.#certificates.source];
    const sources = all.filter((each) => each !== undefined);
    return sources.length > 0 ? sources : undefined;
  }
}
