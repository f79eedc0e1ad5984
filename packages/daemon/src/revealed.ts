import { Secret } from '@zeke/foundation';

/**
 * JSON with the values of secrets and of maps in it, which hide from JSON otherwise: to compare, and
 * never to be shown.
 */
export function revealed(value: unknown): string {
  return JSON.stringify({ value }, function (this: Record<string, unknown>, key, inner) {
    const original = this[key];
    if (original instanceof Secret) return original.reveal();
    return original instanceof Map ? [...original] : inner;
  });
}
