import { z } from 'zod';
import { grantNames, jwtAlgorithmNames, roleNames } from './auth-config.ts';
import { certificateRuleSchema } from './certificates-schema.ts';
import { choice, flag, httpUrl, integer, list, map, secret, text } from './schema-fields.ts';

/** How claims say who somebody is, alike for tokens and for logins. */
const identityKeys = {
  org: text().optional().describe('The organisation of its users, by name or id'),
  org_claim: text().optional().describe('The claim that names the organisation, in its place'),
  user_claim: text().default('sub').describe('The claim that names the user'),
  team_claim: text().optional().describe('The claim that names the team'),
  role_claim: text()
    .optional()
    .describe("The claim that has the role, or groups; without it, the user's own role counts"),
  roles: map(choice(roleNames)).default({}).describe('Roles by what role_claim says'),
  default_role: choice(roleNames)
    .default('member')
    .describe('The role where role_claim says none, and of users that are made'),
  models_claim: text().optional().describe('The claim that lists the models that may be used'),
  grants: z
    .array(choice(grantNames), { error: `it must be a list of ${grantNames.join(', ')}` })
    .min(1, 'the list is empty')
    .optional()
    .describe('What its users may: call models, use the admin API as far as their role reaches'),
  tier: text().optional().describe('By whose rates its users are limited'),
  provision: flag()
    .default(false)
    .describe('Make users that are not there; otherwise they are refused'),
};

/** The table of an issuer of tokens. */
export const jwtIssuerSchema = z.strictObject({
  issuer: text().describe('What the tokens have for iss'),
  audience: list().optional().describe('Of which aud has one; it takes this where keys are public'),
  secret: secret().optional().describe('HS256: the secret of tokens without kid, 32 bytes or more'),
  secrets: map(secret()).default({}).describe('HS256: secrets by kid'),
  jwks_url: httpUrl()
    .optional()
    .describe("Where the public keys are; without secrets, the issuer's metadata is asked"),
  algorithms: z
    .array(choice(jwtAlgorithmNames), {
      error: `it must be a list of ${jwtAlgorithmNames.join(', ')}`,
    })
    .min(1, 'the list is empty')
    .optional()
    .describe('Those that are taken of public keys; all three without it'),
  leeway_ms: integer(0, 300_000).default(5_000).describe('How far clocks may be apart'),
  type: text().optional().describe('What the tokens have for typ, such as at+jwt; else JWT'),
  grants_claim: text()
    .optional()
    .describe('The claim, such as scope, that has inference and admin, in place of grants'),
  ...identityKeys,
});

const oauthSchema = z.strictObject({
  enabled: flag().default(false).describe('Give access tokens to keys, at /oauth/token'),
  token_ttl_s: integer(60, 86_400).default(3_600).describe('How long an access token holds'),
});

const oidcSchema = z.strictObject({
  issuer: httpUrl().describe('The OpenID provider that people log in at'),
  client_id: text().describe('What zeke is called there'),
  client_secret: secret().optional().describe('Its secret there; a public client has none'),
  scopes: list().default(['openid', 'profile', 'email']).describe('What is asked for'),
  session_ttl_s: integer(60, 2_592_000).default(43_200).describe('How long a login holds'),
  ...identityKeys,
});

/** The section `auth`. */
export const authSchema = z.strictObject({
  require_auth: flag().default(false).describe('Ask every caller for a key'),
  admin_api_key: secret().optional().describe('The key for /admin, at least 16 characters'),
  public_url: httpUrl()
    .optional()
    .describe('How browsers and clients reach this gateway; else as they asked'),
  signing_keys: map(secret())
    .default({})
    .describe(
      'Secrets by id, 32 bytes or more; the first signs tokens and logins, all verify. Else one is made and kept',
    ),
  jwt: map(jwtIssuerSchema)
    .default({})
    .describe('Tables of issuers whose JSON Web Tokens are believed'),
  mtls: map(certificateRuleSchema)
    .default({})
    .describe('Tables of rules that say whose certificates of clients are'),
  oauth: oauthSchema.optional(),
  oidc: oidcSchema.optional(),
});
