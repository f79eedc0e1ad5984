import { CompressionFault } from '../../../transports/http2/hpack/compression-fault.ts';
import { HpackDecoder } from '../../../transports/http2/hpack/decoder.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { type Corpus, mutated, pieces } from './mutation.ts';

/** Representations of RFC 7541, 6, and its appendix C. */
const representations = [
  '82',
  '86',
  '84',
  'be',
  'bf',
  '20',
  '3fe11f',
  '3f81',
  '400a637573746f6d2d6b65790d637573746f6d2d686561646572',
  '040c2f73616d706c652f70617468',
  '100870617373776f726406736563726574',
  '410f7777772e6578616d706c652e636f6d',
  '418cf1e3c2e5f23a6ba0ab90f4ff',
  '408825a849e95ba97d7f8925a849e95bb8e8b4bf',
  '58086e6f2d6361636865',
  '6196d07abe941054d444a8200595040b8166e082a62d1bff',
].map((hex) => Uint8Array.fromHex(hex));

const corpus: Corpus = {
  headParts: 0,
  samples: [representations, representations.slice(0, 4), [...representations].reverse()],
  words: ['ffffffffff', 'ff80808001', '7fffffff7f', '1fffffff0f', '00', '0000', '4000ff'].map(
    (hex) => Uint8Array.fromHex(hex),
  ),
};

/** Header blocks, several to one decoder. */
export function hpack(): FuzzTarget {
  return {
    prepare(random) {
      const bytes = mutated(corpus, random);
      return {
        bytes,
        feed() {
          const decoder = new HpackDecoder();
          let fields = 0;
          const sink = { onField: () => void fields++ };
          try {
            for (const block of pieces(bytes, random)) decoder.decode(block, 0, block.length, sink);
          } catch (error) {
            if (!(error instanceof CompressionFault)) throw error;
          }
          if (fields > bytes.length) throw new Error(`${fields} headers in ${bytes.length} bytes`);
        },
      };
    },
  };
}
