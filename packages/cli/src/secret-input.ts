import { Secret } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';

/** Longer than any key. */
const maxSecretBytes = 65_536;

type Input = AsyncIterable<Uint8Array | string>;

/** A key from a pipe, one word; blanks around it are not part of it. Throws `invalid_argument`. */
export async function readSecretInput(stdin: Input): Promise<Secret> {
  const text = new TextDecoder().decode(await readInput(stdin)).trim();
  if (text === '')
    throw new RpcError('invalid_argument', 'nothing was piped in, where a key belongs');
  if (/\s/.test(text)) {
    throw new RpcError('invalid_argument', 'what is piped in is more than one word, so no key');
  }
  return new Secret(text);
}

/** Any text from a pipe; one line break at its end is not part of it. Throws `invalid_argument`. */
export async function readSecretText(stdin: Input): Promise<Secret> {
  const text = decoded(await readInput(stdin)).replace(/\r?\n$/, '');
  if (text !== '') return new Secret(text);
  throw new RpcError('invalid_argument', 'nothing was piped in, where a value belongs');
}

async function readInput(stdin: Input): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > maxSecretBytes) {
      throw new RpcError('invalid_argument', 'what is piped in is too long for a key');
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new RpcError(
      'invalid_argument',
      'what is piped in is no text in UTF-8; encode it, with base64 for example',
      { cause },
    );
  }
}
