import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cores, endProcess, freePort, pinned, untilListening } from '../processes.ts';
import type { Contender, StartOptions } from './contender.ts';
import { directTarget } from './direct.ts';

/** The floor for gateways on Bun: a proxy of a few lines without a ledger, limits or clocks. */
export async function bareBun({ emulatorPort, folder }: StartOptions): Promise<Contender> {
  const port = freePort();
  const logFile = join(folder, 'output.log');
  await mkdir(folder, { recursive: true });
  const script = join(import.meta.dirname, 'bare-proxy.ts');
  const command = [process.execPath, script, String(port), String(emulatorPort)];
  const child = Bun.spawn(pinned(cores.contender, command), {
    stdout: Bun.file(logFile),
    stderr: Bun.file(logFile),
  });
  await untilListening(port, child, logFile);
  return {
    name: 'bare',
    title: `bare proxy on Bun ${Bun.version}`,
    pid: child.pid,
    target: (shape) => directTarget(port, shape),
    untouched: () => true,
    [Symbol.asyncDispose]: () => endProcess(child),
  };
}
