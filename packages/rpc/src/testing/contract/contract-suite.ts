import { callCases } from './call-cases.ts';
import { ContractBench, type ContractHarness } from './contract-bench.ts';
import { flowCases } from './flow-cases.ts';
import { hookCases } from './hook-cases.ts';
import { queueCases } from './queue-cases.ts';

const contractCases = { ...callCases, ...flowCases, ...hookCases, ...queueCases };

/**
 * Registers what every transport must do, as tests of any runner: `test` is that of bun:test or of
 * node:test.
 */
export function contractTests(
  harness: ContractHarness,
  test: (name: string, run: () => Promise<void>) => unknown,
): void {
  for (const [name, { needs = [], run }] of Object.entries(contractCases)) {
    if (needs.some((feature) => harness.lacks?.includes(feature))) continue;
    test(`${harness.name}: ${name}`, async () => {
      const bench = new ContractBench(harness);
      try {
        await run(bench);
      } finally {
        await bench.close();
      }
    });
  }
}
