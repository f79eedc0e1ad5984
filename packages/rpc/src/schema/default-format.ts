/**
 * A double as descriptors have it: the shorter of 15 and 17 significant digits that reads back the
 * same, with an exponent as C's `%g` writes it.
 */
export function formatDouble(value: number): string {
  return formatNumber(value, 15, 17, (text) => Number(text) === value);
}

/** A float the same way, with 6 or 9 digits. */
export function formatFloat(value: number): string {
  const float = Math.fround(value);
  return formatNumber(float, 6, 9, (text) => Math.fround(Number(text)) === float);
}

function formatNumber(
  value: number,
  digits: number,
  moreDigits: number,
  isSame: (text: string) => boolean,
): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const short = formatGeneral(value, digits);
  return isSame(short) ? short : formatGeneral(value, moreDigits);
}

/** C's `%.{digits}g`. */
function formatGeneral(value: number, digits: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [mantissa = '', exponentText = ''] = value.toExponential(digits - 1).split('e');
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < digits) {
    return trimZeros(value.toFixed(Math.max(0, digits - 1 - exponent)));
  }
  const sign = exponent < 0 ? '-' : '+';
  return `${trimZeros(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

const named: Readonly<Record<number, string>> = {
  9: '\\t',
  10: '\\n',
  13: '\\r',
  34: '\\"',
  39: "\\'",
  92: '\\\\',
};

/** Bytes as the default of a `bytes` field has them: ASCII with C's escapes, octal ones else. */
export function escapeBytes(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += named[byte] ?? plainOrOctal(byte);
  return text;
}

function plainOrOctal(byte: number): string {
  if (byte >= 32 && byte < 127) return String.fromCharCode(byte);
  return `\\${byte.toString(8).padStart(3, '0')}`;
}
