/**
 * Codes and types of a 403 that refuse the key or what it may do, of OpenAI, Azure and their kin. All
 * other 403s are about the request: a region, a model, moderation.
 * Sources: https://developers.openai.com/api/docs/guides/error-codes,
 * https://learn.microsoft.com/azure/ai-services/openai/how-to/role-based-access-control
 */
const words: ReadonlySet<string> = new Set([
  'invalid_api_key',
  'authentication_error',
  'missing_scope',
  'insufficient_permissions',
  'ip_not_authorized',
  'AuthenticationTypeDisabled',
  'PermissionDenied',
]);

/**
 * What says so in words only: a restricted key of OpenAI, and xAI, which has one code for keys and for
 * moderation (whose message names the key's id too).
 */
const phrases =
  /missing scopes:|ensure you're using the correct credentials|\bapi key\b[^.]{0,40}\b(blocked|disabled|deactivated|revoked|suspended|expired)\b/i;

/** Whether a 403 with these words refuses the key. */
export function refusesKey(fault: {
  code?: string | undefined;
  type?: string | undefined;
  message?: string | undefined;
}): boolean {
  const { code = '', message = '', type = '' } = fault;
  return words.has(code) || words.has(type) || phrases.test(message);
}
