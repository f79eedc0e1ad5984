import { RpcError } from '../../../rpc-error.ts';

const pad = 0x3d;
const invalid = 0xff;
const table = makeTable();

/**
 * Decodes the body of gRPC-Web's text form as it comes: base64 in chunks that may be cut anywhere,
 * and that may have padding within, since each part may have been encoded by itself.
 *
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md.
 */
export class Base64Stream {
  #bits = 0;
  /** Characters of the group of four that is not whole yet. */
  #count = 0;
  #pads = 0;

  /** Whether the text, were it to end here, is whole. */
  get isWhole(): boolean {
    return this.#count === 0;
  }

  /** @throws RpcError invalid_argument for what is not base64. */
  decode(text: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(Math.ceil((text.length + this.#count) / 4) * 3);
    let length = 0;
    for (let i = 0; i < text.length; i++) {
      this.#take(text[i] as number);
      if (this.#count < 4) continue;
      const end = length + 3 - this.#pads;
      for (let shift = 16; length < end; shift -= 8) bytes[length++] = this.#bits >> shift;
      this.#bits = 0;
      this.#count = 0;
      this.#pads = 0;
    }
    return bytes.subarray(0, length);
  }

  #take(character: number): void {
    if (character === pad && this.#count >= 2) {
      this.#pads++;
      this.#bits <<= 6;
    } else {
      const value = table[character] as number;
      if (value === invalid || this.#pads > 0) throw notBase64();
      this.#bits = (this.#bits << 6) | value;
    }
    this.#count++;
  }
}

function notBase64(): RpcError {
  return new RpcError('invalid_argument', 'the body of application/grpc-web-text is not base64');
}

function makeTable(): Uint8Array {
  const values = new Uint8Array(256).fill(invalid);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  for (let i = 0; i < alphabet.length; i++) values[alphabet.charCodeAt(i)] = i;
  return values;
}
