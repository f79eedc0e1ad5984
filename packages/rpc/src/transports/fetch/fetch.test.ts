import { test } from 'bun:test';
import { contractTests } from '../../testing/contract/contract-suite.ts';
import { fetchHarness } from '../../testing/contract/harnesses.ts';

for (const protocol of ['connect', 'grpc-web', 'grpc-web-text'] as const) {
  contractTests(fetchHarness(protocol), test);
}
