import { CompressionFault } from './compression-fault.ts';

/*
 * The Huffman code of RFC 7541, appendix B. It is canonical: codes of one length are consecutive
 * numbers in the order of their symbols, so the lengths are all that must be written down.
 */

/** The length in bits of each symbol's code: the bytes 0 to 255, then the end of the string. */
const codeLengths: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
  28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5,
  6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6,
  7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23,
  23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22,
  22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22,
  23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27,
  27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25,
  24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];

/*
 * A step of the decoding table: which state follows a nibble in a state, whether a symbol is complete
 * (no code is shorter than five bits, so at most one is), and whether the string may end here.
 */
const stateMask = 0x1ff;
const emits = 0x200;
const fails = 0x400;
const mayEnd = 0x800;
const symbolShift = 12;
const startsSymbol = mayEnd;

const endOfString = 256;
const codes = canonicalCodes();
const decoding = decodingTable();

/** How many bytes the text takes once coded. Its characters must be bytes (Latin-1). */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += codeLengths[text.charCodeAt(i)] as number;
  return (bits + 7) >> 3;
}

/** Writes the coded text, which needs `huffmanLength` bytes, and returns the offset after it. */
export function huffmanEncode(text: string, into: Uint8Array, at: number): number {
  let pending = 0;
  let pendingBits = 0;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i);
    let code = codes[symbol] as number;
    let left = codeLengths[symbol] as number;
    // At most 7 bits wait, so that eight more always fit.
    while (left > 8) {
      left -= 8;
      pending = (pending << 8) | (code >>> left);
      code &= (1 << left) - 1;
      into[at++] = pending >>> pendingBits;
      pending &= (1 << pendingBits) - 1;
    }
    pending = (pending << left) | code;
    pendingBits += left;
    if (pendingBits >= 8) {
      pendingBits -= 8;
      into[at++] = pending >>> pendingBits;
    }
    pending &= (1 << pendingBits) - 1;
  }
  if (pendingBits > 0) into[at++] = (pending << (8 - pendingBits)) | (0xff >>> pendingBits);
  return at;
}

/**
 * Decodes the bytes from `start` to `end` into `into`, which needs room for 8/5 of them, and returns
 * how many bytes it wrote.
 * @throws CompressionFault for the end-of-string symbol, and for padding that is longer than seven
 * bits or not all ones (RFC 7541, 5.2).
 */
export function huffmanDecode(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: Uint8Array,
): number {
  let written = 0;
  let step = startsSymbol;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    step = decoding[(step & stateMask) * 16 + (byte >> 4)] as number;
    if (step & emits) into[written++] = (step >> symbolShift) & 0xff;
    step = decoding[(step & stateMask) * 16 + (byte & 15)] as number;
    if (step & emits) into[written++] = (step >> symbolShift) & 0xff;
    if (step & fails) throw new CompressionFault('a Huffman code holds the end-of-string symbol');
  }
  if ((step & mayEnd) === 0) throw new CompressionFault('a Huffman code has wrong padding');
  return written;
}

function canonicalCodes(): Uint32Array {
  const table = new Uint32Array(257);
  let code = 0;
  for (let length = 1; length <= 30; length++) {
    code *= 2;
    for (let symbol = 0; symbol <= endOfString; symbol++) {
      if (codeLengths[symbol] === length) table[symbol] = code++;
    }
  }
  return table;
}

/** The code as a tree: of each inner node the two children, a leaf as `-1 - symbol`. */
function codeTree(): [zero: number, one: number][] {
  const tree: [number, number][] = [[0, 0]];
  for (let symbol = 0; symbol <= endOfString; symbol++) {
    let node = 0;
    for (let bit = (codeLengths[symbol] as number) - 1; bit >= 0; bit--) {
      const branch = (((codes[symbol] as number) >>> bit) & 1) as 0 | 1;
      const children = tree[node] as [number, number];
      if (bit === 0) children[branch] = -1 - symbol;
      else if (children[branch] === 0) children[branch] = tree.push([0, 0]) - 1;
      node = children[branch];
    }
  }
  return tree;
}

function decodingTable(): Int32Array {
  const tree = codeTree();
  const failed = tree.length;
  const endings = paddingStates(tree);
  const table = new Int32Array((tree.length + 1) * 16).fill(fails | failed);
  for (let state = 0; state < tree.length; state++) {
    for (let nibble = 0; nibble < 16; nibble++) {
      let node = state;
      let step = 0;
      for (let bit = 3; bit >= 0 && node !== failed; bit--) {
        node = (tree[node] as [number, number])[((nibble >> bit) & 1) as 0 | 1];
        if (node >= 0) continue;
        const symbol = -1 - node;
        node = symbol === endOfString ? failed : 0;
        if (node === 0) step = emits | (symbol << symbolShift);
      }
      if (node === failed) continue;
      table[state * 16 + nibble] = step | node | (endings.has(node) ? mayEnd : 0);
    }
  }
  return table;
}

/** The states that fewer than eight ones lead to: where padding may stand. */
function paddingStates(tree: readonly [number, number][]): Set<number> {
  const states = new Set<number>();
  let node = 0;
  for (let ones = 0; ones < 8; ones++) {
    states.add(node);
    node = (tree[node] as [number, number])[1];
  }
  return states;
}
