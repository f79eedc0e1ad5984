import type { PersonalDataKind } from '@zeke/foundation';
import { passesCpf, passesDni, passesLuhn, passesMod97 } from './checksums.ts';
import { type Detector, detector } from './detector.ts';

/** The longest there is, in characters: an address of e-mail (RFC 5321, section 4.5.3.1). */
export const maxPersonalDataChars = 254;

const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const group = '[0-9A-Fa-f]{1,4}';

/**
 * Where a number has a checksum it must be right. A telephone number is told by its + or by the form
 * that Americans write; others are numbers like any.
 */
const detectors: Readonly<Record<PersonalDataKind, readonly Detector[]>> = {
  email: [
    detector(
      'email',
      '(?<![\\w.!#$%&*+/=?^~-])[\\w!#$%&*+/=?^~-](?:[\\w.!#$%&*+/=?^~-]{0,62}[\\w!#$%&*+/=?^~-])?@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.){1,8}[A-Za-z]{2,24}\\b',
    ),
  ],
  phone: [
    detector('phone', '(?<![\\w+.])\\+\\d(?:[ ./()-]{0,2}\\d){7,14}(?!\\w)'),
    detector(
      'phone',
      '(?<![\\w.+-])(?:1[ .-])?(?:\\([2-9]\\d\\d\\) ?|[2-9]\\d\\d[ .-])[2-9]\\d\\d[ .-]\\d{4}(?![\\w-])',
    ),
  ],
  iban: [
    detector('iban', '\\b[A-Z]{2}\\d\\d(?: ?[A-Z0-9]){11,30}\\b', (text) =>
      passesMod97(text.replaceAll(' ', '')),
    ),
  ],
  payment_card: [
    detector('payment_card', '(?<![\\w.])[2-6]\\d(?:[ -]?\\d){11,17}(?![\\w])', isCard),
  ],
  us_ssn: [detector('us_ssn', '(?<![\\w-])\\d{3}-\\d\\d-\\d{4}(?![\\w-])', isSsn)],
  ip_address: [
    detector('ip_address', `(?<![\\w.])${octet}(?:\\.${octet}){3}(?![\\w])`, isNotLocal),
    detector('ip_address', `(?<![\\w:.])(?:${group}:){7}${group}(?![\\w:])`),
    detector(
      'ip_address',
      `(?<![\\w:.])(?:${group}:){1,6}(?::${group}){1,6}(?![\\w:])`,
      (text) => text.split(':').length <= 8,
    ),
  ],
  br_cpf: [
    detector('br_cpf', '(?<![\\w.])\\d{3}\\.\\d{3}\\.\\d{3}-\\d\\d(?![\\w-])', (text) =>
      passesCpf(text.replace(/\D/g, '')),
    ),
  ],
  es_dni: [
    detector('es_dni', '\\b(?:\\d{8}|[XYZ]\\d{7})-?[A-Z]\\b', (text) =>
      passesDni(text.replace('-', '')),
    ),
  ],
};

export function personalDataDetectors(kinds: readonly PersonalDataKind[]): Detector[] {
  return kinds.flatMap((kind) => detectors[kind]);
}

/** The first digits of networks of cards and how many digits theirs have. Source: ISO/IEC 7812, as networks publish it. */
const networks: readonly [first: RegExp, lengths: readonly number[]][] = [
  [/^4/, [13, 16, 19]],
  [/^(?:5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720))/, [16]],
  [/^3[47]/, [15]],
  [/^3(?:0[0-5]|[689])/, [14, 16]],
  [/^(?:6011|64[4-9]|65)/, [16, 19]],
  [/^35(?:2[89]|[3-8])/, [16, 19]],
  [/^62/, [16, 17, 18, 19]],
];

function isCard(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  return (
    networks.some(([first, lengths]) => first.test(digits) && lengths.includes(digits.length)) &&
    passesLuhn(digits)
  );
}

/** Source: Social Security Administration, "Social Security Number Randomization". */
function isSsn(text: string): boolean {
  const [area = '', block = '', serial = ''] = text.split('-');
  return !/^(?:000|666|9)/.test(area) && block !== '00' && serial !== '0000';
}

/** Addresses of this machine and masks are nobody's. */
function isNotLocal(text: string): boolean {
  return !/^(?:127\.|0\.|255\.)/.test(text);
}
