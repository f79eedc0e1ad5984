/** How deep arrays and objects of a request may stand in each other. */
export const maxJsonDepth = 256;

/** True when arrays and objects stand in each other deeper than that. Looks no further than needed. */
export function isDeeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth === 0) return true;
  if (Array.isArray(value)) {
    for (const item of value) {
      if (typeof item === 'object' && isDeeperThan(item, depth - 1)) return true;
    }
    return false;
  }
  for (const name in value) {
    const member: unknown = (value as Record<string, unknown>)[name];
    if (typeof member === 'object' && isDeeperThan(member, depth - 1)) return true;
  }
  return false;
}
