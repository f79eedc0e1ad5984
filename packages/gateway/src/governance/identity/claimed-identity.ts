import type { GrantName, IdentityConfig, RoleName } from '@zeke/foundation';
import { grantNames, roleNames } from '@zeke/foundation';
import type { JwtClaims } from '@zeke/foundation/auth/jwt';
import type { RpcError } from '@zeke/rpc';
import { apiError } from '../../neutral/api-error.ts';

/** Who the claims of an issuer say that somebody is; nothing of it is looked up yet. */
export interface ClaimedIdentity {
  /** Name or id. */
  org: string;
  /** Name or id, as all of these; without one it is a program of a team. */
  user?: string;
  team?: string;
  /** Absent where claims have no say: the user's own. */
  role?: RoleName;
  grants: readonly GrantName[];
  /** Patterns; absent: every model. */
  allowedModels?: readonly string[];
}

const maxNameChars = 200;
const maxListed = 200;
/** Groups of somebody who is in very many. */
const maxRoles = 2_000;

/**
 * Reads who somebody is from claims whose signature is known to be right. Throws `unauthenticated` that
 * names the claim which is missing or of another form than it has to be.
 */
export function claimedIdentity(claims: JwtClaims, config: IdentityConfig): ClaimedIdentity {
  const { orgClaim, teamClaim, userClaim } = config;
  const org = (orgClaim === undefined ? undefined : nameAt(claims, orgClaim)) ?? config.org;
  if (org === undefined)
    throw wrongClaim(orgClaim ?? 'org', 'is missing: it names no organisation');
  const team = teamClaim === undefined ? undefined : nameAt(claims, teamClaim);
  const user = nameAt(claims, userClaim);
  if (user === undefined && team === undefined) {
    throw wrongClaim(userClaim, 'is missing: it names no user');
  }
  if (userClaim === 'email' && isDenied(claims.email_verified)) {
    throw wrongClaim('email_verified', 'says that the address is not verified');
  }
  const role = roleOf(claims, config);
  const allowedModels = modelsOf(claims, config);
  return {
    org,
    ...(user === undefined ? {} : { user }),
    ...(team === undefined ? {} : { team }),
    ...(role === undefined ? {} : { role }),
    grants: grantsOf(claims, config),
    ...(allowedModels === undefined ? {} : { allowedModels }),
  };
}

/** Some providers write it as text. */
function isDenied(verified: unknown): boolean {
  return verified === false || verified === 'false';
}

function nameAt(claims: JwtClaims, name: string): string | undefined {
  const value = claimAt(claims, name);
  if (value === undefined || value === null) return undefined;
  const isName =
    typeof value === 'string' &&
    value !== '' &&
    value.length <= maxNameChars &&
    !/[\p{Cc}\u2028\u2029]/u.test(value);
  if (isName) return value;
  throw wrongClaim(name, `is no name of 1 to ${maxNameChars} characters on one line`);
}

/** The mightiest of those that are said. */
function roleOf(claims: JwtClaims, config: IdentityConfig): RoleName | undefined {
  const { defaultRole, roleClaim, roles } = config;
  if (roleClaim === undefined) return undefined;
  const said = new Set(textsAt(claims, roleClaim, maxRoles) ?? []);
  const meant =
    roles.size === 0 ? said : new Set([...said].map((each) => roles.get(each)).filter(Boolean));
  return roleNames.find((role) => meant.has(role)) ?? defaultRole;
}

function grantsOf(
  claims: JwtClaims,
  { grants, grantsClaim }: IdentityConfig,
): readonly GrantName[] {
  const said = grantsClaim === undefined ? undefined : textsAt(claims, grantsClaim, maxRoles);
  return said === undefined ? grants : grantNames.filter((grant) => said.includes(grant));
}

function modelsOf(
  claims: JwtClaims,
  { modelsClaim }: IdentityConfig,
): readonly string[] | undefined {
  const said = modelsClaim === undefined ? undefined : textsAt(claims, modelsClaim, maxListed);
  if (said === undefined || said.every((each) => each.length <= maxNameChars)) return said;
  throw wrongClaim(modelsClaim ?? '', `has an entry of more than ${maxNameChars} characters`);
}

/** A list of texts, or one text with them parted by spaces. */
function textsAt(claims: JwtClaims, name: string, limit: number): string[] | undefined {
  const value = claimAt(claims, name);
  if (value === undefined || value === null) return undefined;
  const list: unknown[] =
    typeof value === 'string' ? value.split(' ').filter(Boolean) : [value].flat();
  if (list.length > limit) throw wrongClaim(name, `has more than ${limit} entries`);
  if (list.every((each) => typeof each === 'string')) return list;
  throw wrongClaim(name, 'is no text and no list of texts');
}

/** The claim of this name, else what the name leads to as a path with dots. */
function claimAt(claims: JwtClaims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part))
      return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

function wrongClaim(name: string, what: string): RpcError {
  return apiError('unauthenticated', `the claim "${name}" of the token ${what}`, {
    reason: 'invalid_api_key',
  });
}
