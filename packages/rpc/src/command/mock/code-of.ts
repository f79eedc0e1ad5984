import { codeOfNumber } from '../../core/status.ts';
import { type Code, codes, RpcError } from '../../rpc-error.ts';
import { didYouMean } from '../nearest.ts';

/**
 * The code of a text: `not_found`, `NOT_FOUND`, `not-found`, `cancelled`, or its number.
 * @throws RpcError invalid_argument for anything else; `where` says where it stands.
 */
export function codeOf(where: string, text: string): Code {
  const name = text.toLowerCase().replaceAll('-', '_').replace('cancelled', 'canceled');
  const number = Number(text);
  const code = /^\d+$/.test(text) && number > 0 ? codeOfNumber(number) : name;
  const known = codes.find((each) => each === code);
  const isKnownNumber = !/^\d+$/.test(text) || number <= codes.length;
  if (known !== undefined && isKnownNumber) return known;
  throw new RpcError(
    'invalid_argument',
    `${where}: ${text} is no code of gRPC${didYouMean(name, codes) || `: those are ${codes.join(', ')}`}`,
  );
}
