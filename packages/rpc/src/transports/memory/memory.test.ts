import { test } from 'bun:test';
import { contractTests } from '../../testing/contract/contract-suite.ts';
import { memoryHarness } from '../../testing/contract/harnesses.ts';

contractTests(memoryHarness, test);
