import type { Compressor, CompressorLookup } from '../../../compression/compressor.ts';
import { RpcError } from '../../../rpc-error.ts';

/**
 * The compressor that `content-encoding` or its like names; undefined for none.
 * @throws RpcError unimplemented for a name that is unknown here.
 */
export function readEncoding(
  header: string,
  value: string | null,
  lookup: CompressorLookup,
): Compressor | undefined {
  if (value === null || value === 'identity' || value === '') return undefined;
  const compressor = lookup(value.trim().toLowerCase());
  if (compressor !== undefined) return compressor.name === 'identity' ? undefined : compressor;
  const shown = JSON.stringify(value.slice(0, 32));
  throw new RpcError(
    'unimplemented',
    `the header ${header} is ${shown}, a compression that is not known here`,
  );
}

/**
 * The first of `offered` that `accept-encoding` or its like takes; undefined for none. Weights
 * (RFC 9110, 12.5.3) only tell what is refused: the choice is the sender's.
 */
export function chooseEncoding(
  accepted: string | null,
  offered: readonly Compressor[],
): Compressor | undefined {
  if (accepted === null || offered.length === 0) return undefined;
  const entries = accepted.toLowerCase().split(',');
  return offered.find((compressor) => entries.some((entry) => takes(entry, compressor.name)));
}

function takes(entry: string, name: string): boolean {
  const [coding = '', ...parameters] = entry.split(';');
  if (coding.trim() !== name) return false;
  return !parameters.some((parameter) => /^\s*q=0(\.0*)?\s*$/.test(parameter));
}
