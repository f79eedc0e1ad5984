import type { Usage } from '../../neutral/usage.ts';

/** All tokens together, kind by kind; estimated where any were. */
export function sumUsage(usages: readonly Usage[]): Usage {
  const sum: Usage = { input: 0, output: 0 };
  for (const { estimated, ...tokens } of usages) {
    if (estimated) sum.estimated = true;
    for (const [kind, count] of Object.entries(tokens) as [keyof typeof tokens, number][]) {
      sum[kind] = (sum[kind] ?? 0) + count;
    }
  }
  return sum;
}
