export {
  type ApiKeyRecord,
  type ApiKeyServerOptions,
  apiKeyServer,
  hashApiKey,
  newApiKey,
} from './api-key.ts';
export { apiKeyClient } from './api-key-client.ts';
export { type AuditEntry, type AuditOptions, audit } from './audit.ts';
export { type AuthorizeOptions, authorize } from './authorize.ts';
export { bearerClient, type TokenSource } from './bearer.ts';
export {
  type CertificateServerOptions,
  certificateServer,
  identityOfCertificate,
} from './certificate.ts';
export { type Identity, identityKey, identityOf, setIdentity } from './identity.ts';
export { identityOfClaims, type JwtKeys, type JwtServerOptions, jwtServer } from './jwt.ts';
export { clientCredentials, type OAuthClientOptions, oauthClient } from './oauth.ts';
export { type RateLimitOptions, rateLimit } from './rate-limit.ts';
