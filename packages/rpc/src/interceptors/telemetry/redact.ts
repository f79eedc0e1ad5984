import type { Metadata } from '../../core/metadata.ts';

/** Names of metadata whose values are secrets, wherever one of these words stands in them. */
const secretName =
  /auth|cookie|token|secret|passw|passphrase|api-?key|private-?key|credential|session|signature|jwt|bearer/;
const maxValueLength = 256;

/**
 * The metadata of a call as it may stand in a log: secrets are `[redacted]`, bytes are told by their
 * number, long texts are cut at 256 characters. `secrets` are further names, in lower case.
 */
export function redactedMetadata(
  metadata: Metadata,
  secrets: readonly string[] = [],
): Record<string, string> {
  const shown: Record<string, string> = Object.create(null);
  for (const [name, value] of metadata) {
    const isSecret = isSecretName(name) || secrets.includes(name);
    const text = isSecret ? '[redacted]' : textOf(value);
    shown[name] = name in shown && text !== '[redacted]' ? `${shown[name]}, ${text}` : text;
  }
  return shown;
}

/** Whether what is called so, in lower case, is a secret by its name. */
export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

function textOf(value: string | Uint8Array): string {
  if (typeof value !== 'string') return `[${value.length} bytes]`;
  return value.length <= maxValueLength ? value : `${value.slice(0, maxValueLength)}…`;
}
