/** How many characters two texts begin with alike. */
export function sharedStart(one: string, other: string): number {
  return sameLength(Math.min(one.length, other.length), (at, length) => {
    return one.slice(at, at + length) === other.slice(at, at + length);
  });
}

/** How far two texts are the same, up to `most`: in blocks, then in halves of the block that differs. */
export function sameLength(most: number, isSame: (at: number, length: number) => boolean): number {
  let at = 0;
  for (let length = 4_096; length >= 1; length >>= 1) {
    while (at + length <= most && isSame(at, length)) at += length;
  }
  return at;
}
