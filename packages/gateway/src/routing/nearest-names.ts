import { nearest } from '@zeke/foundation';

/**
 * The model names most like `wanted`, the nearest first, at most three. Names with a provider
 * before them are also compared without it.
 */
export function nearestNames(wanted: string, names: readonly string[]): string[] {
  if (wanted.length > maxComparedChars) return [];
  const bare = new Map(names.map((name) => [bareName(name), name]));
  const matches = [
    ...nearest(wanted, names),
    ...nearest(bareName(wanted), bare.keys()).map((name) => bare.get(name) ?? name),
  ];
  return [...new Set(matches)].slice(0, mostNames);
}

const mostNames = 3;
/** A longer text is no mistyped name, and takes long to compare. */
const maxComparedChars = 200;

function bareName(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}
