import { isSecretName } from '../../../interceptors/telemetry/redact.ts';

/** Whether a variable or a header of this name is one that no file should have. */
export function isSecret(name: string): boolean {
  // Who has written something is no secret.
  return isSecretName(name.toLowerCase().replace(/author(?!i[sz])/g, ''));
}

/** A member of JSON that has a secret in it, not from a variable. */
const secretMember =
  /"[^"]*(?:passw|passphrase|secret|api_?key|private_?key|credential)[^"]*"\s*:\s*"(?!\$\{)[^"]/i;

/**
 * An input as a file may have it: undefined for one that writes down a secret, such as
 * `header add authorization …`, `let token = "…"` or `Login {"password": "…"}`. What comes from
 * elsewhere, as in `let token = $_.token`, is none.
 */
export function keepInput(input: string): string | undefined {
  const [, header] = /^\s*:?header\s+(?:add|set)\s+([\w.-]+)/i.exec(input) ?? [];
  if (header !== undefined && isSecret(header)) return undefined;
  const [, variable, value = ''] = /^\s*:?let\s+(\w+)\s*=\s*(.*)$/is.exec(input) ?? [];
  if (variable !== undefined && isSecret(variable) && !/^(?:\$|[\w.]+\/)/.test(value)) {
    return undefined;
  }
  return secretMember.test(input) ? undefined : input;
}
