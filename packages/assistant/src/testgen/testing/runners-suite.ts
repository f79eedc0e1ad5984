import { expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { proveRunner } from './prove-runner.ts';
import { cargoCase, goCase, jestCase, type RunnerCase, vitestCase } from './runner-cases.ts';
import { testGenHouse } from './testgen-house.ts';

/** Where scripts/test-testgen-runners.sh has installed them. */
const tools = process.env.ZEKE_TESTGEN_RUNNERS ?? '';

test.each<[string, RunnerCase]>([
  ['vitest', vitestCase],
  ['jest', jestCase],
])('%s', async (_name, proof) => {
  const programs = join(tools, 'node_modules/.bin');
  // As continuous integration often has it: what they print is in colours then.
  const environment = { FORCE_COLOR: '1' };
  await using house = await testGenHouse({ ...proof, programs, environment });
  await symlink(join(tools, 'node_modules'), join(house.fixture.root, 'node_modules'));
  await house.fixture.write('.gitignore', 'node_modules\n');
  await proveRunner(house, proof);
});

test('go test', async () => {
  await using house = await testGenHouse({ ...goCase, environment: toolchains() });
  await proveRunner(house, goCase);
});

test('cargo test, with cargo-llvm-cov', async () => {
  const programs = join(tools, 'python/bin');
  const library = join(tools, 'python/lib');
  const [python = ''] = readdirSync(library);
  const llvm = join(library, python, 'site-packages/llvm/bin');
  const environment = {
    ...toolchains(),
    LLVM_COV: join(llvm, 'llvm-cov'),
    LLVM_PROFDATA: join(llvm, 'llvm-profdata'),
    // This build of LLVM reads no compressed names; that of rustup does.
    RUSTFLAGS: '-C llvm-args=-enable-name-compression=false',
  };
  await using house = await testGenHouse({ ...cargoCase, programs, environment });
  await house.fixture.write('.gitignore', 'target\n');
  await proveRunner(house, cargoCase);
});

test('cargo test alone: what passes twice stays, and the gain is not known', async () => {
  await using house = await testGenHouse({ ...cargoCase, environment: toolchains() });
  await house.fixture.write('.gitignore', 'target\n');
  const events = await house.generate({ path: cargoCase.path });
  const notes = events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
  expect(notes).toContain('which lines tests run is not known (cargo says it with cargo-llvm-cov)');
  const done = events.at(-1);
  expect(done).toMatchObject({ kept: [{ passed: 1 }, { passed: 1 }], coverage: undefined });
});

/** Their folders in the home of who runs this: that of the tests is another. */
function toolchains(): Record<string, string> {
  const home = process.env.HOME ?? '';
  return {
    CARGO_HOME: process.env.CARGO_HOME ?? join(home, '.cargo'),
    RUSTUP_HOME: process.env.RUSTUP_HOME ?? join(home, '.rustup'),
    GOCACHE: join(tools, 'go-cache'),
    GOFLAGS: '-mod=mod',
  };
}
