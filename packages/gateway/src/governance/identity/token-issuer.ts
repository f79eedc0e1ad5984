import type { JwtIssuerConfig, Logger } from '@zeke/foundation';
import {
  Hs256,
  issuerKeySet,
  JwksVerifier,
  type JwtVerdict,
  type RemoteKeySetOptions,
} from '@zeke/foundation/auth/jwt';

export interface TokenIssuerOptions {
  /** Asks for key sets. */
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  log: Logger;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** One issuer of the configuration, with what its tokens are verified by. */
export class TokenIssuer {
  readonly config: JwtIssuerConfig;
  /** What `#verify` was made of; undefined where that holds secrets. */
  readonly #madeOf: string | undefined;
  readonly #verify: (token: string) => JwtVerdict | Promise<JwtVerdict>;

  /** `before` has been there under the last configuration: its keys are used on where nothing else is. */
  constructor(config: JwtIssuerConfig, options: TokenIssuerOptions, before?: TokenIssuer) {
    this.config = config;
    this.#madeOf = config.keys.kind === 'shared' ? undefined : publishedPart(config);
    this.#verify =
      this.#madeOf !== undefined && before !== undefined && before.#madeOf === this.#madeOf
        ? before.#verify
        : verifierOf(config, options);
  }

  /** Whether a token holds now. Waits where keys have to be fetched first. Never rejects. */
  verify(token: string): JwtVerdict | Promise<JwtVerdict> {
    return this.#verify(token);
  }
}

function verifierOf(
  config: JwtIssuerConfig,
  { fetch, log, now }: TokenIssuerOptions,
): TokenIssuer['verify'] {
  const { audience, issuer, keys, leewayMs, name, type } = config;
  const rules = {
    issuer,
    leewayMs,
    now,
    ...(audience === undefined ? {} : { audience }),
    ...(type === undefined ? {} : { type }),
  };
  if (keys.kind === 'shared') {
    const secrets = [...keys.secrets].map(([id, secret]) => ({
      ...(id === '' ? {} : { id }),
      secret: Buffer.from(secret.reveal()),
    }));
    const shared = new Hs256({ ...rules, keys: secrets });
    return (token) => shared.verify(token);
  }
  const fetched: Omit<RemoteKeySetOptions, 'url'> = {
    fetch,
    onFault: (err) => log.warn('the keys of an issuer of tokens are out of reach', { name, err }),
  };
  const published = new JwksVerifier({
    ...rules,
    algorithms: keys.algorithms,
    keys: keys.url === undefined ? issuerKeySet(issuer, fetched) : { ...fetched, url: keys.url },
  });
  return (token) => published.verify(token);
}

function publishedPart({ audience, issuer, keys, leewayMs, name, type }: JwtIssuerConfig): string {
  return JSON.stringify({ audience, issuer, keys, leewayMs, name, type });
}
