/**
 * The known names that are most like a misspelt one, the nearest first and at most three: those a
 * few letters away, and those that it is the last part of (`Greeter` of `pkg.Greeter`).
 */
export function nearest(name: string, known: Iterable<string>): string[] {
  const wanted = name.toLowerCase();
  const found: { candidate: string; distance: number }[] = [];
  for (const candidate of known) {
    const distance = Math.min(
      distanceOf(wanted, candidate.toLowerCase()),
      distanceOf(lastPart(wanted), lastPart(candidate.toLowerCase())) + 0.5,
    );
    if (distance !== Number.POSITIVE_INFINITY) found.push({ candidate, distance });
  }
  found.sort((left, right) => left.distance - right.distance);
  return found.slice(0, maxSuggestions).map(({ candidate }) => candidate);
}

/** `: did you mean a or b?`, or nothing. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const found = nearest(name, known);
  return found.length === 0 ? '' : `: did you mean ${found.join(' or ')}?`;
}

const maxSuggestions = 3;

/** Infinity for what is too far to be meant. */
function distanceOf(left: string, right: string): number {
  const allowed = Math.max(1, Math.floor(Math.max(left.length, right.length) / 3));
  if (Math.abs(left.length - right.length) > allowed) return Number.POSITIVE_INFINITY;
  const distance = editDistance(left, right);
  return distance <= allowed ? distance : Number.POSITIVE_INFINITY;
}

/** Letters to insert, delete, replace or swap with their neighbour (optimal string alignment). */
function editDistance(left: string, right: string): number {
  let older: number[] = [];
  let old = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const isSame = left[row - 1] === right[column - 1];
      let best = at(old, column - 1) + (isSame ? 0 : 1);
      best = Math.min(best, at(old, column) + 1, at(current, column - 1) + 1);
      const isSwapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (row > 1 && column > 1 && isSwapped) best = Math.min(best, at(older, column - 2) + 1);
      current.push(best);
    }
    older = old;
    old = current;
  }
  return at(old, right.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
