/** The default of bytes, shared: there is nothing in it to change. */
export const noBytes: Uint8Array = new Uint8Array(0);

/** Up to this length a loop is faster than a call of the platform. */
const maxLoopLength = 40;

/** An own copy of `bytes[start..end]`, of a plain Uint8Array: Node's Buffer would give a view. */
export function copyBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  if (end - start > maxLoopLength) return bytes.slice(start, end);
  const copy = new Uint8Array(end - start);
  for (let i = start; i < end; i++) copy[i - start] = bytes[i] as number;
  return copy;
}

/**
 * Appends `bytes[start..end]` to the unknown fields of a message. Room is doubled, so that many
 * fields cost no more than their bytes: `held` must be what this function gave for the same message,
 * which still has it alone.
 */
export function appendUnknown(
  held: Uint8Array | undefined,
  bytes: Uint8Array,
  start: number,
  end: number,
): Uint8Array {
  if (held === undefined) return copyBytes(bytes, start, end);
  const { length } = held;
  const total = length + end - start;
  let all = new Uint8Array(held.buffer);
  if (held.byteOffset !== 0 || all.length < total) {
    all = new Uint8Array(2 * total);
    all.set(held);
  }
  all.set(bytes.subarray(start, end), length);
  return all.subarray(0, total);
}

/** Appends a field that is a varint: an enum's unknown number that came packed with others. */
export function appendUnknownVarint(
  held: Uint8Array | undefined,
  number: number,
  value: number,
): Uint8Array {
  const field: number[] = [];
  pushVarint(field, BigInt(number) << 3n);
  pushVarint(field, BigInt.asUintN(64, BigInt(value)));
  return appendUnknown(held, Uint8Array.from(field), 0, field.length);
}

function pushVarint(bytes: number[], value: bigint): void {
  let rest = value;
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
}
