import { isSecretName } from '../../../interceptors/telemetry/redact.ts';

/** Whether a variable or a header of this name is one that no file should have. */
export function isSecret(name: string): boolean {
  return isSecretName(name.toLowerCase());
}

/**
 * An input as a file may have it: undefined for one that writes down a secret, such as
 * `header add authorization …` or `let token = "…"`. What comes from elsewhere, as in
 * `let token = $_.token`, is none.
 */
export function keepInput(input: string): string | undefined {
  const [, header] = /^\s*:?header\s+(?:add|set)\s+([\w.-]+)/i.exec(input) ?? [];
  if (header !== undefined && isSecret(header)) return undefined;
  const [, variable, value = ''] = /^\s*:?let\s+(\w+)\s*=\s*(.*)$/is.exec(input) ?? [];
  if (variable !== undefined && isSecret(variable) && !/^(?:\$|[\w.]+\/)/.test(value)) {
    return undefined;
  }
  return input;
}
