/**
 * Of items in the order of their rank, those that are most alike by `keyOf`; of groups of the same
 * size, the one with the best-ranked item. At least one item is given, and none is reordered.
 */
export function largestGroup<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  let largest: T[] = [];
  for (const group of groups.values()) if (group.length > largest.length) largest = group;
  return largest;
}
