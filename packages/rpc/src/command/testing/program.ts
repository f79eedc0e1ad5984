import { join } from 'node:path';

/**
 * What starts `zrpc` in tests: this runtime, or the one that `ZRPC_TEST_RUNTIME` is the path of, which
 * is how `npm run test:rpc-node` has Node run the command.
 */
export const program: readonly string[] = [
  process.env.ZRPC_TEST_RUNTIME ?? process.execPath,
  join(import.meta.dirname, '../../zrpc.ts'),
];
