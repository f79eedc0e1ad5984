import type { SeededRandom } from './seeded-random.ts';

/** The first of a year: all fakes are near it, whenever they are made. */
const epochMs = Date.UTC(2026, 0, 1);
const dayMs = 86_400_000;

/** What a time is guessed from. */
interface TimeHints {
  readonly random: SeededRandom;
  readonly name: string;
}

/**
 * A time in milliseconds since 1970: what a thing expires at is later than what it was changed at,
 * and that later than what it was made at.
 */
export function fakeTimeMs({ random, name }: TimeHints): number {
  const [firstDay, lastDay] = daysOf(name);
  const day = random.integer(firstDay, lastDay);
  // Whole seconds are what most systems keep.
  return epochMs + day * dayMs + random.integer(0, 86_399) * 1_000;
}

/** RFC 3339. */
export function fakeDate(hints: TimeHints): string {
  return new Date(fakeTimeMs(hints)).toISOString().replace('.000Z', 'Z');
}

function daysOf(name: string): readonly [number, number] {
  if (/birth/.test(name)) return [-25_000, -8_000];
  if (/expire|expiry|due|until|end|finish|delete|deadline/.test(name)) return [200, 360];
  if (/update|modif|change|last|seen/.test(name)) return [100, 199];
  return [0, 99];
}
