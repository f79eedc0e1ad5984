/** What an entry takes beside its vector: its names, its place in two maps. Rounded up. */
const entryOverheadBytes = 400;

export interface IndexLimits {
  readonly maxEntries: number;
  /** Of all vectors, with what it takes to keep them. */
  readonly maxBytes: number;
}

/** What is nearest. */
export interface Near {
  readonly key: string;
  /** The cosine of the angle between both, up to 1. */
  readonly similarity: number;
}

/** Into how many pieces vectors are cut. */
const pieces = 8;
/** What roundings may add up to. */
const tolerance = 1e-5;

/** A vector of length 1. */
interface Unit {
  readonly vector: Float32Array;
  /** The length of what is left of it after each piece. */
  readonly rests: Float32Array;
}

interface Entry extends Unit {
  readonly key: string;
  readonly partition: string;
}

/**
 * Finds the vector that is nearest to another, exactly: every one of its partition is compared, until it
 * is clear that it cannot be near enough (two rests multiply to no more than their lengths do). Vectors of
 * different partitions, or of different lengths, never meet. The oldest make room for new ones.
 */
export class VectorIndex {
  readonly #partitions = new Map<string, Entry[]>();
  /** In the order in which they came. */
  readonly #entries = new Map<string, Entry>();
  #limits: IndexLimits;
  #bytes = 0;

  constructor(limits: IndexLimits) {
    this.#limits = limits;
  }

  get stats(): { entries: number; bytes: number } {
    return { entries: this.#entries.size, bytes: this.#bytes };
  }

  /** Takes a vector in, under a key that may be known; one without a direction is not kept. */
  add(partition: string, key: string, vector: ArrayLike<number>): void {
    this.remove(key);
    const unit = unitOf(vector);
    if (unit === undefined) return;
    const entry = { key, partition, ...unit };
    const list = this.#partitions.get(partition);
    if (list) list.push(entry);
    else this.#partitions.set(partition, [entry]);
    this.#entries.set(key, entry);
    this.#bytes += sizeOf(entry);
    this.#makeRoom();
  }

  /** The nearest of the partition, where its similarity is this or more. */
  nearest(partition: string, vector: ArrayLike<number>, threshold: number): Near | undefined {
    const list = this.#partitions.get(partition);
    const unit = list && unitOf(vector);
    if (unit === undefined || list === undefined) return undefined;
    let best: Entry | undefined;
    let similarity = threshold;
    for (const entry of list) {
      if (entry.vector.length !== unit.vector.length) continue;
      const product = productOf(entry, unit, similarity);
      if (product < similarity || (best && product === similarity)) continue;
      best = entry;
      similarity = product;
    }
    return best && { key: best.key, similarity: Math.min(1, similarity) };
  }

  remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= sizeOf(entry);
    const list = this.#partitions.get(entry.partition) ?? [];
    const last = list.pop();
    const at = list.indexOf(entry);
    if (last && last !== entry && at >= 0) list[at] = last;
    if (list.length === 0) this.#partitions.delete(entry.partition);
  }

  clear(): void {
    this.#partitions.clear();
    this.#entries.clear();
    this.#bytes = 0;
  }

  resize(limits: IndexLimits): void {
    this.#limits = limits;
    this.#makeRoom();
  }

  #makeRoom(): void {
    const { maxBytes, maxEntries } = this.#limits;
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= maxEntries && this.#bytes <= maxBytes) return;
      this.remove(key);
    }
  }
}

function sizeOf({ key, vector }: Entry): number {
  return vector.byteLength + 4 * pieces + 2 * key.length + entryOverheadBytes;
}

/** Undefined for one that is 0, or holds what is no number. */
function unitOf(given: ArrayLike<number>): Unit | undefined {
  let sum = 0;
  for (let i = 0; i < given.length; i++) sum += (given[i] ?? 0) ** 2;
  const norm = Math.sqrt(sum);
  if (!(norm > 0 && Number.isFinite(norm))) return undefined;
  const vector = new Float32Array(given.length);
  for (let i = 0; i < vector.length; i++) vector[i] = (given[i] ?? 0) / norm;
  return { vector, rests: restsOf(vector) };
}

function restsOf(vector: Float32Array): Float32Array {
  const rests = new Float32Array(pieces);
  const length = pieceLength(vector);
  let squares = 0;
  for (let piece = pieces - 1; piece > 0; piece--) {
    const end = Math.min(vector.length, (piece + 1) * length);
    for (let i = piece * length; i < end; i++) squares += (vector[i] as number) ** 2;
    rests[piece - 1] = Math.sqrt(squares);
  }
  return rests;
}

function pieceLength({ length }: Float32Array): number {
  return Math.ceil(length / pieces / 4) * 4;
}

/** The product of two vectors; where it is less than `least`, anything that is. */
function productOf(a: Unit, b: Unit, least: number): number {
  const length = pieceLength(a.vector);
  let product = 0;
  for (let piece = 0; piece < pieces; piece++) {
    product += dot(a.vector, b.vector, piece * length, (piece + 1) * length);
    const most = product + (a.rests[piece] as number) * (b.rests[piece] as number) + tolerance;
    if (most < least) return Number.NEGATIVE_INFINITY;
  }
  return product;
}

/** Of the places from `start` up to `end`. Four sums that do not wait for each other. */
function dot(a: Float32Array, b: Float32Array, start: number, end: number): number {
  const last = Math.min(end, a.length);
  const even = last - ((last - start) & 3);
  let [p, q, r, s] = [0, 0, 0, 0];
  let i = start;
  for (; i < even; i += 4) {
    p += (a[i] as number) * (b[i] as number);
    q += (a[i + 1] as number) * (b[i + 1] as number);
    r += (a[i + 2] as number) * (b[i + 2] as number);
    s += (a[i + 3] as number) * (b[i + 3] as number);
  }
  for (; i < last; i++) p += (a[i] as number) * (b[i] as number);
  return p + q + r + s;
}
