import type { CertificateRuleConfig } from '@zeke/foundation';
import type { ClientCertificate } from '../client-certificate.ts';

/** The rule that fits, with what its `*` stood for. */
export interface CertificateMatch {
  readonly rule: CertificateRuleConfig;
  readonly star: string | undefined;
}

/** The first rule of which every condition holds; undefined where the certificate names nobody. */
export function matchCertificate(
  rules: readonly CertificateRuleConfig[],
  certificate: ClientCertificate,
): CertificateMatch | undefined {
  for (const rule of rules) {
    const found = starsOf(rule, certificate);
    if (found !== undefined) return { rule, star: found.find((star) => star !== undefined) };
  }
  return undefined;
}

/** What `*` stood for in each pattern; undefined where one fits nothing. */
function starsOf(
  { alternativeName, fingerprint, subject = [] }: CertificateRuleConfig,
  certificate: ClientCertificate,
): (string | undefined)[] | undefined {
  if (fingerprint !== undefined && fingerprint !== certificate.fingerprint) return undefined;
  const stars: (string | undefined)[] = [];
  const fits = (pattern: string, values: readonly string[]): boolean => {
    const found = firstFit(pattern, values);
    stars.push(found?.star);
    return found !== undefined;
  };
  if (!subject.every((attribute) => fits(attribute, certificate.subject))) return undefined;
  if (alternativeName !== undefined && !fits(alternativeName, certificate.alternativeNames)) {
    return undefined;
  }
  return stars;
}

function firstFit(
  pattern: string,
  values: readonly string[],
): { star: string | undefined } | undefined {
  const at = pattern.indexOf('*');
  if (at < 0) return values.includes(pattern) ? { star: undefined } : undefined;
  const before = pattern.slice(0, at);
  const after = pattern.slice(at + 1);
  for (const value of values) {
    // The star stands for something: no name is empty.
    const isLongEnough = value.length > before.length + after.length;
    if (isLongEnough && value.startsWith(before) && value.endsWith(after)) {
      return { star: value.slice(before.length, value.length - after.length) };
    }
  }
  return undefined;
}
