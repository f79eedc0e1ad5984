/** One thing that the scripted model does to the project, in order. */
export type PlannedStep =
  /** Twice makes no difference. */
  | { readonly kind: 'write'; readonly path: string; readonly text: string }
  /** Twice would be seen. */
  | { readonly kind: 'append'; readonly path: string; readonly text: string }
  | { readonly kind: 'remove'; readonly path: string };

/** Numbers from 0 to 1 that follow from the seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What is to be done in one session; the same for the same seed. */
export function planOf(seed: number, length: number): PlannedStep[] {
  const random = seededRandom(seed);
  return Array.from({ length }, (_, index) => {
    const path = `${random() < 0.3 ? 'deep/er/' : ''}f${Math.floor(random() * 4)}.txt`;
    const kind = random();
    if (kind < 0.45) return { kind: 'append', path: 'log.txt', text: `line ${index}\n` };
    if (kind < 0.9) return { kind: 'write', path, text: `text ${index}\n`.repeat(20) };
    return { kind: 'remove', path };
  });
}

/** The files that a plan leads to, each step done once. */
export function filesAfter(plan: readonly PlannedStep[]): Map<string, string> {
  const files = new Map<string, string>();
  for (const step of plan) {
    if (step.kind === 'remove') files.delete(step.path);
    else {
      const before = step.kind === 'append' ? (files.get(step.path) ?? '') : '';
      files.set(step.path, before + step.text);
    }
  }
  return files;
}
