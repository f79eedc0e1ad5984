/**
 * `bun scripts/generate-code.ts`: writes the code of the contracts in `proto/` and of the benchmark's
 * service. With `--check` it writes nothing and fails where a file is not as it would be written, as
 * a structure test does. `packages/rpc` has a script of its own for what it stands on itself.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from '../packages/rpc/src/generator/index.ts';

const root = join(import.meta.dirname, '..');

const outputs = [
  { protos: 'proto', out: 'packages/protocol/src/gen' },
  { protos: 'benchmarks/rpc/proto', out: 'benchmarks/rpc/gen' },
];

/** @throws RpcError for faults in a `.proto` file, and under `check` for code that is not up to date. */
export function generateCode(check: boolean): void {
  for (const { protos, out } of outputs) {
    const folder = join(root, protos);
    const inputs = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.proto'))
      .sort();
    const importPaths = [folder];
    generate({ inputs, importPaths, lang: 'typescript', out: join(root, out), check });
  }
}

if (import.meta.main) generateCode(process.argv.includes('--check'));
