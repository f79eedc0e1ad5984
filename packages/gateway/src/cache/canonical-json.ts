/** Values nested deeper than this have no canonical form. */
const maxDepth = 200;

/**
 * One text for all JSON values that mean the same: members in the order of their names, absent ones
 * left out. Under a member called `properties` the order stays: in a JSON Schema it is the order in
 * which models write. Undefined for values nested deeper than 200.
 */
export function canonicalJson(value: unknown): string | undefined {
  try {
    return write(value, false, 0);
  } catch (reason) {
    if (reason instanceof TooDeep) return undefined;
    throw reason;
  }
}

class TooDeep extends Error {}

function write(value: unknown, keepsOrder: boolean, depth: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (depth === maxDepth) throw new TooDeep();
  if (Array.isArray(value)) {
    return `[${value.map((item) => write(item, false, depth + 1)).join()}]`;
  }
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  if (!keepsOrder) members.sort(([a], [b]) => (a < b ? -1 : 1));
  const written = members.map(
    ([name, member]) =>
      `${JSON.stringify(name)}:${write(member, name === 'properties', depth + 1)}`,
  );
  return `{${written.join()}}`;
}
