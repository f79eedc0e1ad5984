import { test } from 'bun:test';
import { compressor } from '../../compression/compressors.ts';
import { contractTests } from '../../testing/contract/contract-suite.ts';
import { connectMemory } from './memory.ts';

contractTests(
  {
    name: 'memory',
    async connect(options) {
      const transport = connectMemory({ ...options, compressor });
      return { transport, close: () => transport.close() };
    },
  },
  test,
);
