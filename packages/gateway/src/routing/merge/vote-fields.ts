import { type ExactJson, type ExactObject, isObject, jsonText } from './exact-json.ts';
import { largestGroup } from './largest-group.ts';

/**
 * What most say, field by field, of values in the order of their rank; a tie goes to the best-ranked.
 * First the set of an object's keys is voted on, so that it is one that some answer has, and then each
 * field among those who have that set. Lists, texts and numbers are taken whole: every value in the
 * result stands in one of the answers at the same place.
 */
export function voteFields(values: readonly ExactJson[]): ExactJson {
  const agreed = largestGroup(values, shapeOf);
  const objects = agreed.filter(isObject);
  const [first] = objects;
  if (first === undefined) return agreed[0] ?? null;
  const fields = Object.keys(first).map((key) => [key, voteFields(objects.map(at(key)))]);
  return Object.fromEntries(fields);
}

function at(key: string): (object: ExactObject) => ExactJson {
  return (object) => object[key] ?? null;
}

/** Objects with the same keys are alike; other values only where they are the same. */
function shapeOf(value: ExactJson): string {
  if (!isObject(value)) return jsonText(value, 'sorted');
  return `keys ${JSON.stringify(Object.keys(value).sort())}`;
}
