import { expect, test } from 'bun:test';
import { readdir, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { skipsWithout, temporaryDirectory } from '@zeke/foundation/testing';

const kinds = ['sandbox', 'plain', 'terminal'];

/** Arguments of all processes, but for zombies. */
async function commandLines(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')),
  );
}

async function sleepers(seconds: number): Promise<number> {
  return (await commandLines()).filter((line) => line === `sleep\0${seconds}\0`).length;
}

for (const [at, kind] of kinds.entries()) {
  test.skipIf(kind === 'sandbox' && skipsWithout('bubblewrap'))(
    `nothing survives a process that is killed (${kind})`,
    async () => {
      await using folder = await temporaryDirectory();
      const seconds = 1_000_050 + process.pid * 100 + at;
      const command = `sleep ${seconds} & setsid sleep ${seconds} & (trap '' TERM HUP; sleep ${seconds}) & echo started; wait`;
      const program = join(import.meta.dir, 'testing/shell-program.ts');
      const child = Bun.spawn(
        [process.execPath, program, await realpath(folder.path), kind, command],
        { stdout: 'pipe', stderr: 'inherit' },
      );
      const { value } = await child.stdout.getReader().read();
      expect(new TextDecoder().decode(value)).toBe('ready');
      while ((await sleepers(seconds)) < 3) await Bun.sleep(5);
      child.kill('SIGKILL');
      await child.exited;
      while ((await sleepers(seconds)) > 0) await Bun.sleep(5);
    },
    20_000,
  );
}
