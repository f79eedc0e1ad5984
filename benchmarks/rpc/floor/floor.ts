import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { cores, pinned } from '../../gateway/processes.ts';
import type { PeerFigures } from '../measure-peer.ts';
import { BenchmarkProcess } from '../run-process.ts';

/** What is measured in C: sleeping until something comes, or asking again and again. */
export const floors = { 'C, epoll': 'epoll', 'C, spinning': 'spin' } as const;

export type FloorName = keyof typeof floors;

/** The same figures as those of a peer. */
export type FloorFigures = Pick<PeerFigures, 'p50Us' | 'p95Us' | 'oneCoreP50Us' | 'oneCoreP95Us'>;

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
  const mode = floors[name];
  const two = await pingPong(program, mode, cores.rest, seconds);
  if (mode === 'spin') return two;
  const one = await pingPong(program, mode, cores.contender, seconds);
  return { ...two, oneCoreP50Us: one.p50Us, oneCoreP95Us: one.p95Us };
}

async function pingPong(
  program: string,
  mode: string,
  clientCore: string,
  seconds: number,
): Promise<{ p50Us: number; p95Us: number }> {
  const path = `${program}.sock`;
  rmSync(path, { force: true });
  const server = [program, 'server', path, mode];
  await using _server = await BenchmarkProcess.run(cores.contender, server);
  const client = Bun.spawn(
    pinned(clientCore, [program, 'client', path, mode, '200', String(seconds)]),
    { stdout: 'pipe', stderr: 'inherit' },
  );
  return JSON.parse(await new Response(client.stdout).text());
}
