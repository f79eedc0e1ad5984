import { test } from 'bun:test';
import { join } from 'node:path';
import { mustRun } from './support/program.ts';

const root = join(import.meta.dirname, '../..');

test('what is generated is as the generator writes it', async () => {
  const command = [process.execPath, 'packages/rpc/src/zrpc.ts', 'gen', 'tests/rpc-interop/proto'];
  const flags = ['--out', 'tests/rpc-interop/gen', '--check'];
  await mustRun([...command, ...flags], { directory: root });
});
