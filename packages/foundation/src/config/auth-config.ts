import type { Secret } from '../secrets/secret.ts';
import type { CertificateRuleConfig } from './certificates-config.ts';

/** From the mightiest to the least; what each may is the gateway's to say. */
export const roleNames = ['admin', 'manager', 'member', 'viewer'] as const;

export type RoleName = (typeof roleNames)[number];

/** What callers may at all: call models, use the admin API. */
export const grantNames = ['inference', 'admin'] as const;

export type GrantName = (typeof grantNames)[number];

/** What zeke calls itself in its own tokens, which nobody else is to read. */
export const ownIssuer = 'zeke';

export const jwtAlgorithmNames = ['RS256', 'ES256', 'EdDSA'] as const;

/** Who may call, and how callers show who they are. */
export interface AuthConfig {
  readonly requireAuth: boolean;
  readonly adminApiKey?: Secret;
  /** How browsers and clients reach this gateway, without a slash at its end; absent: as they asked. */
  readonly publicUrl?: string;
  /** By `kid`; the first signs. Absent: one that is made and kept in `$ZEKE_HOME`. */
  readonly signingKeys?: ReadonlyMap<string, Secret>;
  /** Issuers of JSON Web Tokens that are believed. */
  readonly jwt?: readonly JwtIssuerConfig[];
  /** Whose certificates of clients are; the first rule that fits counts. */
  readonly mtls?: readonly CertificateRuleConfig[];
  /** Access tokens of zeke's own, for keys; absent: there is no token endpoint for them. */
  readonly oauth?: OauthConfig;
  /** People log in at this provider; absent: nobody logs in. */
  readonly oidc?: OidcConfig;
}

/** How the claims of an issuer say who somebody is. Claims are named plainly, or as a path with dots. */
export interface IdentityConfig {
  /** The organisation of all its users, by name or id. */
  readonly org?: string;
  /** Has the organisation's name or id; wins over `org`. */
  readonly orgClaim?: string;
  /** Has the name, or id, of a user of the organisation. */
  readonly userClaim: string;
  /** Has the name or id of a team of the organisation. */
  readonly teamClaim?: string;
  /** Has a role, or a list of what `roles` maps to roles. */
  readonly roleClaim?: string;
  readonly roles: ReadonlyMap<string, RoleName>;
  /** Where `roleClaim` says nothing, and of users that are made. */
  readonly defaultRole: RoleName;
  /** Has patterns of models. */
  readonly modelsClaim?: string;
  /** Has `inference` and `admin`, as a list or parted by spaces. */
  readonly grantsClaim?: string;
  /** Where there is no such claim to look at. */
  readonly grants: readonly GrantName[];
  /** By whose rates its users are limited; absent for the default tier. */
  readonly tier?: string;
  /** Users that are not there are made, in their organisation. */
  readonly provision: boolean;
}

/** An issuer of tokens: with shared secrets, or with public keys that it publishes. */
export interface JwtIssuerConfig extends IdentityConfig {
  readonly name: string;
  /** What `iss` says. */
  readonly issuer: string;
  /** Of which `aud` has one; absent only with shared secrets, where `aud` then is absent too. */
  readonly audience?: readonly string[];
  readonly keys: SharedJwtKeys | PublishedJwtKeys;
  /** How far clocks may be apart. */
  readonly leewayMs: number;
  /** What `typ` says; absent: `JWT`, or nothing. */
  readonly type?: string;
}

/** HS256. */
export interface SharedJwtKeys {
  readonly kind: 'shared';
  /** By `kid`; the empty one is for tokens that name none. */
  readonly secrets: ReadonlyMap<string, Secret>;
}

/** RS256, ES256, EdDSA. */
export interface PublishedJwtKeys {
  readonly kind: 'published';
  /** Absent: the issuer's metadata tells it. */
  readonly url?: string;
  readonly algorithms: readonly (typeof jwtAlgorithmNames)[number][];
}

/** The token endpoint for client credentials. */
export interface OauthConfig {
  readonly tokenTtlMs: number;
}

/** An OpenID Connect provider that people log in at, and what zeke is there. */
export interface OidcConfig extends IdentityConfig {
  readonly issuer: string;
  readonly clientId: string;
  /** Absent for a public client, which PKCE alone protects. */
  readonly clientSecret?: Secret;
  /** What is asked for. */
  readonly scopes: readonly string[];
  /** How long a login holds. */
  readonly sessionTtlMs: number;
}
