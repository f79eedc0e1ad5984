import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { cores, pinned } from '../../gateway/processes.ts';
import { BenchmarkProcess } from '../run-process.ts';

export const floors = {
  'C, epoll, two cores': { mode: 'epoll', clientCore: cores.rest },
  'C, epoll, one core': { mode: 'epoll', clientCore: cores.contender },
  'C, spinning, two cores': { mode: 'spin', clientCore: cores.rest },
} as const;

export type FloorName = keyof typeof floors;

export interface FloorFigures {
  readonly p50Us: number;
  readonly p95Us: number;
}

/** Compiles the ping-pong into this folder, with the system's C compiler. */
export function compileFloor(folder: string): string {
  const program = join(folder, 'ping-pong');
  const source = join(import.meta.dirname, 'ping-pong.c');
  execFileSync('cc', ['-O2', '-o', program, source], { stdio: 'inherit' });
  return program;
}

/** 200 bytes there and back over a Unix socket in C. */
export async function measureFloor(
  name: FloorName,
  program: string,
  seconds: number,
): Promise<FloorFigures> {
  const { mode, clientCore } = floors[name];
  const path = `${program}.sock`;
  rmSync(path, { force: true });
  await using _server = await BenchmarkProcess.run(cores.contender, [
    program,
    'server',
    path,
    mode,
  ]);
  const client = Bun.spawn(
    pinned(clientCore, [program, 'client', path, mode, '200', String(seconds)]),
    { stdout: 'pipe', stderr: 'inherit' },
  );
  return JSON.parse(await new Response(client.stdout).text()) as FloorFigures;
}
