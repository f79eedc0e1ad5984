import type { CertificateHolder, CertificateRuleConfig } from './certificates-config.ts';
import { defined } from './defined.ts';
import type { ValidConfig } from './schema.ts';

type ValidRule = ValidConfig['auth']['mtls'][string];
type Remark = (path: readonly string[], message: string) => void;
type FaultOf = (key: string, message: string) => void;

/** `[auth.mtls]`. `fault` is told the path below `auth` of what cannot be, and why. */
export function resolveCertificateRules(
  rules: ValidConfig['auth']['mtls'],
  asksClients: boolean,
  fault: Remark,
): readonly CertificateRuleConfig[] | undefined {
  const names = Object.keys(rules);
  if (names.length === 0) return undefined;
  if (!asksClients) {
    fault(['mtls'], 'nobody is asked for a certificate: set server.tls.client_auth');
  }
  return Object.entries(rules).map(([name, rule]) =>
    resolveRule(name, rule, (key, why) => fault(['mtls', name, key], why)),
  );
}

function resolveRule(name: string, rule: ValidRule, fault: FaultOf): CertificateRuleConfig {
  const { fingerprint, san, subject } = rule;
  if (subject === undefined && san === undefined && fingerprint === undefined) {
    fault('subject', 'a rule has subject, san or fingerprint; without one it would fit everybody');
  }
  const attributes = subject?.split(',').map((each) => each.trim());
  if (attributes?.some((each) => !/^[A-Za-z][\w.]*=./.test(each))) {
    fault('subject', 'it is a list of attributes such as CN=ci,O=Corp');
  }
  if (san !== undefined && !/^[A-Za-z ]+:./.test(san)) {
    fault('san', 'it begins with its kind, such as URI:, DNS:, email: or IP Address:');
  }
  const stars = [...(attributes ?? []), san ?? ''].join('').split('*').length - 1;
  if (stars > 1) fault(san?.includes('*') ? 'san' : 'subject', 'a rule may hold one * only');
  const digest = fingerprint?.replaceAll(':', '').toLowerCase();
  if (digest !== undefined && !/^[\da-f]{64}$/.test(digest)) {
    fault('fingerprint', 'it is no SHA-256 in hexadecimal, of 64 digits');
  }
  const holder = resolveHolder(rule, stars, fault);
  return defined({ name, subject: attributes, alternativeName: san, fingerprint: digest, holder });
}

function resolveHolder(rule: ValidRule, stars: number, fault: FaultOf): CertificateHolder {
  const { grants, key, org, team, tier, user } = rule;
  if (key !== undefined) {
    for (const other of ['org', 'user', 'team', 'grants', 'tier'] as const) {
      if (rule[other] !== undefined) fault(other, 'a key says itself whose it is, and what it may');
    }
    return { kind: 'key', id: key };
  }
  if (org === undefined) {
    fault('org', 'it is missing: a rule names a key, or an organisation with a user or a team');
  } else if (user === undefined && team === undefined) {
    fault('user', `it is missing: name a user or a team of ${org}`);
  }
  if (user === '*' && stars === 0) fault('user', 'there is no * in subject or san to take it from');
  return defined({
    kind: 'member' as const,
    org: org ?? '',
    user,
    team,
    grants: grants ?? (['inference'] as const),
    tier,
  });
}
