/** A set of UTF-16 code units: ranges in order, apart from each other, as `[first, last]`. */
export type CharSet = readonly (readonly [number, number])[];

export const lastUnit = 0xffff;

/** Any ranges as a set. */
export function charSet(ranges: readonly (readonly [number, number])[]): CharSet {
  const joined: [number, number][] = [];
  for (const [first, last] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const before = joined.at(-1);
    if (before && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else joined.push([first, last]);
  }
  return joined;
}

export function negated(set: CharSet): CharSet {
  const outside: [number, number][] = [];
  let next = 0;
  for (const [first, last] of set) {
    if (first > next) outside.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= lastUnit) outside.push([next, lastUnit]);
  return outside;
}

export function hasUnit(set: CharSet, unit: number): boolean {
  return set.some(([first, last]) => first <= unit && unit <= last);
}

/** The most units whose other case is looked up one by one; a larger range is taken as it is. */
const maxFolded = 1_024;

/** The set with the other case of its letters. */
export function withBothCases(set: CharSet): CharSet {
  const ranges = [...set];
  for (const [first, last] of set) {
    if (last - first > maxFolded) continue;
    for (let unit = first; unit <= last; unit++) {
      const char = String.fromCharCode(unit);
      for (const other of [char.toLowerCase(), char.toUpperCase()]) {
        if (other.length === 1) ranges.push([other.charCodeAt(0), other.charCodeAt(0)]);
      }
    }
  }
  return charSet(ranges);
}

export function unitsOf(chars: string): CharSet {
  const units = Array.from({ length: chars.length }, (_, at) => chars.charCodeAt(at));
  return charSet(units.map((unit) => [unit, unit]));
}

export const digits: CharSet = charSet([[48, 57]]);
export const wordChars: CharSet = charSet([
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
]);
/** What `\s` is in JavaScript. */
export const spaces: CharSet = charSet([
  [9, 13],
  [32, 32],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]);
/** What `.` stands for. */
export const notLineEnds: CharSet = negated(unitsOf('\n\r\u2028\u2029'));
