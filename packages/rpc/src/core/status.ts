import { type Code, codes } from '../rpc-error.ts';

/** The number of a code on the wire, 1 to 16. 0 is OK. */
export function codeNumber(code: Code): number {
  return codes.indexOf(code) + 1;
}

/** The code of a number from the wire; a number that gRPC does not have is `unknown`. */
export function codeOfNumber(number: number): Code {
  return codes[number - 1] ?? 'unknown';
}
