import { fromBase64, toBase64 } from '../codec/base64.ts';
import { Metadata, type MetadataValue } from '../core/metadata.ts';
import { RpcError } from '../rpc-error.ts';
import { printable } from './printable.ts';

/**
 * The metadata of flags such as `name: value`; the value of a name that ends in `-bin` is base64.
 * @throws RpcError invalid_argument that does not show the value, which may be secret.
 */
export function parseMetadata(pairs: readonly string[]): Metadata {
  if (pairs.length === 0) return Metadata.empty;
  const metadata = new Metadata();
  for (const pair of pairs) {
    const colon = pair.indexOf(':');
    if (colon < 1) {
      throw new RpcError('invalid_argument', `-H: write it as 'name: value'; there is no colon`);
    }
    const name = pair.slice(0, colon).trim().toLowerCase();
    metadata.append(name, metadataValue(name, pair.slice(colon + 1).trim()));
  }
  return metadata;
}

/** A line for each pair: `name: value`, bytes in base64. */
export function formatMetadata(metadata: Metadata): string[] {
  return [...metadata].map(([name, value]) => {
    const text = typeof value === 'string' ? printable(value) : toBase64(value);
    return `${printable(name)}: ${text}`;
  });
}

function metadataValue(name: string, text: string): MetadataValue {
  if (!name.endsWith('-bin')) return text;
  const bytes = fromBase64(text);
  if (bytes !== undefined) return bytes;
  throw new RpcError(
    'invalid_argument',
    `-H ${name}: the value of a name that ends in -bin must be base64`,
  );
}
