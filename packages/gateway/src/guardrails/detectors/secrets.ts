import { entropyOf } from './checksums.ts';
import { type Detector, detector } from './detector.ts';
import kept from './gen/secret-patterns.json' with { type: 'json' };

/** The longest secret, in characters: a private key of 8,192 bits in PEM takes 6,500. */
export const maxSecretChars = 8_192;

const keyName = '[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?';
const keyHead = `-----BEGIN${keyName}-----`;
/** What addresses with a password begin with. */
const schemes =
  'https?|s?ftp|wss?|ssh|git|postgres(?:ql)?|mysql|mariadb|mssql|mongodb(?:\\+srv)?|rediss?|amqps?|ldaps?|smtps?';

/** What those rules leave out: keys of models' vendors in all their forms, ours, and private keys. */
const own: readonly Detector[] = [
  detector(
    'private-key',
    `${keyHead}(?:[A-Za-z0-9+/=\\s\\\\:,.]|-[A-Za-z0-9])*-----END${keyName}-----`,
  ),
  // One that is cut short, or too long, is found as far as its lines go.
  detector('private-key', `${keyHead}(?:(?:\\s|\\\\[nr]){0,4}[A-Za-z0-9+/=]{16,76})+`),
  detector('zeke-key', '\\bzk-[A-Za-z0-9_-]{43}'),
  detector(
    'llm-api-key',
    '\\bsk-(?:proj|svcacct|admin|or-v1|ant-[a-z0-9]{3,10})-[A-Za-z0-9_-]{24,300}',
  ),
  detector('llm-api-key', '\\b(?:gsk_[A-Za-z0-9]{52}|xai-[A-Za-z0-9]{60,100}|sk-[a-f0-9]{32,64})'),
  detector('password-in-url', `\\b(?:${schemes})://[^\\s:@/"'\\\\]{1,100}:[^\\s@/"'\\\\]{3,200}@`),
];

/**
 * What secrets look like: the rules of gitleaks that tell a secret by its text alone
 * (`gen/secret-patterns.json` says which version), and a few more. `except`: kinds to leave out.
 */
export function secretDetectors(except: (kind: string) => boolean): Detector[] {
  known ??= readKept();
  return known.filter(({ kind }) => !except(kind));
}

/** Read when first asked for. */
let known: readonly Detector[] | undefined;

function readKept(): Detector[] {
  const all = kept.patterns.map(({ id, pattern, ...rule }) => {
    const least = 'entropy' in rule ? rule.entropy : undefined;
    return detector(id, pattern, least === undefined ? undefined : isRandom(least));
  });
  return [...all, ...own];
}

/** Placeholders such as AKIAXXXXXXXXXXXXXXXX are no secrets, nor is Amazon's example. */
function isRandom(least: number): (text: string) => boolean {
  return (text) => entropyOf(text) >= least && !text.endsWith('EXAMPLE');
}
