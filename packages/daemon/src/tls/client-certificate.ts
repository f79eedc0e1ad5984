import type { PeerCertificate } from 'node:tls';
import type { ClientCertificate } from '@zeke/gateway';
import { splitAlternativeNames } from '@zeke/rpc';

/** What a socket tells of a verified certificate; undefined where the client has none. */
export function clientCertificate(
  told: Partial<PeerCertificate> | undefined,
): ClientCertificate | undefined {
  if (told?.fingerprint256 === undefined) return undefined;
  return {
    subject: attributesOf(told.subject ?? {}),
    alternativeNames: splitAlternativeNames(told.subjectaltname ?? ''),
    fingerprint: told.fingerprint256.replaceAll(':', '').toLowerCase(),
    expiresAtMs: Date.parse(told.valid_to ?? ''),
  };
}

/** An attribute that stands there twice is told as a list. */
function attributesOf(subject: object): string[] {
  return Object.entries(subject).flatMap(([name, value]) =>
    [value].flat().map((each) => `${name}=${each}`),
  );
}
