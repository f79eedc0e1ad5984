/** One step of a path: a member's name, an item's place, or all that is there. */
export type JsonPathStep = string | number | '*all';

/** Why a path cannot be used. */
export class JsonPathFault extends Error {
  override name = 'JsonPathFault';
}

/** Steps of one path. */
const maxSteps = 20;

/**
 * The steps of a path into JSON, the part of RFC 9535 that names places: `$.files[0].name`, `$['a b']`,
 * `$.files[*].name`, `$.*`. Throws a `JsonPathFault`.
 */
export function parseJsonPath(text: string): JsonPathStep[] {
  if (!text.startsWith('$')) throw new JsonPathFault('a path begins with $, as in $.path');
  const steps: JsonPathStep[] = [];
  let at = 1;
  while (at < text.length) {
    step.lastIndex = at;
    const found = step.exec(text)?.groups;
    if (!found) throw new JsonPathFault(`it can't be read from ${text.slice(at, at + 20)} on`);
    const { index, name, quoted } = found;
    if (index !== undefined) steps.push(Number(index));
    else steps.push(name ?? quoted?.slice(1, -1) ?? '*all');
    at = step.lastIndex;
    if (steps.length > maxSteps) throw new JsonPathFault(`it has more than ${maxSteps} steps`);
  }
  return steps;
}

/** All values at a path; none where it leads nowhere. */
export function valuesAt(value: unknown, steps: readonly JsonPathStep[]): unknown[] {
  let found: unknown[] = [value];
  for (const each of steps) {
    found = found.flatMap((from) => {
      if (typeof from !== 'object' || from === null) return [];
      if (each === '*all') return Object.values(from);
      if (!Object.hasOwn(from, each)) return [];
      return [(from as Record<string | number, unknown>)[each]];
    });
  }
  return found;
}

const step =
  /\.(?:(?<name>[A-Za-z_][\w-]*)|\*)|\[(?:(?<index>\d{1,9})|(?<quoted>'[^']*'|"[^"]*")|\*)\]/y;
