/**
 * `bun run benchmarks/rpc.ts`: what an RPC costs, on each of zrpc's transports and beside other
 * frameworks. Prints Markdown tables; ends with an error only when a process failed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { machineLine } from './gateway/report/machine.ts';
import { figure, markdownTable } from './gateway/report/markdown.ts';
import { compileFloor, type FloorName, floors, measureFloor } from './rpc/floor/floor.ts';
import { goalsOf } from './rpc/goals.ts';
import { idleConnectionsMb } from './rpc/idle-connections.ts';
import {
  type FigureName,
  figureTitles,
  measurePeer,
  type PeerFigures,
} from './rpc/measure-peer.ts';
import { type RpcOptions, readRpcOptions, rpcUsage } from './rpc/options.ts';
import { makeCertificate } from './rpc/peers/certificate.ts';
import { type Contender, type Round, RpcFigures } from './rpc/rpc-figures.ts';

const options = readRpcOptions(process.argv.slice(2));
if (options.help) console.log(rpcUsage);
else await run(options);

async function run(options: RpcOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'zrpc-benchmark-'));
  const certificate = makeCertificate();
  try {
    const program = compileFloor(folder);
    const rounds: Round[] = [];
    for (let i = 1; i <= options.rounds; i++) {
      rounds.push(await round(options, program, certificate.env, `round ${i}`));
    }
    let idleMb: number | undefined;
    if (options.idle > 0 && options.peers.includes('zrpc-unix')) {
      progress('idle connections');
      idleMb = await idleConnectionsMb('zrpc-unix', options.idle);
    }
    report(options, new RpcFigures(rounds), idleMb);
  } finally {
    certificate.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function round(
  { peers, seconds }: RpcOptions,
  program: string,
  env: Record<string, string>,
  title: string,
): Promise<Round> {
  const measured = new Map<Contender, PeerFigures>();
  for (const name of Object.keys(floors) as FloorName[]) {
    progress(`${title}: ${name}`);
    measured.set(name, await measureFloor(name, program, seconds));
  }
  for (const name of peers) {
    progress(`${title}: ${name}`);
    measured.set(name, await measurePeer(name, seconds, env));
  }
  return measured;
}

function report(options: RpcOptions, figures: RpcFigures, idleMb: number | undefined): void {
  const names = Object.keys(figureTitles) as FigureName[];
  const contenders: Contender[] = [...(Object.keys(floors) as FloorName[]), ...options.peers];
  const table = markdownTable(
    ['', ...contenders],
    names.map((name) => [
      figureTitles[name],
      ...contenders.map((contender) => figure(figures.of(contender, name))),
    ]),
  );
  const goals = goalsOf(figures, idleMb).map(({ title, goal, measured, isMet }) => [
    title,
    goal,
    measured,
    isMet === undefined ? '-' : isMet ? 'met' : 'not met',
  ]);
  console.log(`${table}\n\n${markdownTable(['', 'goal', 'measured', ''], goals)}\n`);
  const seconds = `${options.rounds} rounds of ${options.seconds} s`;
  console.log(`${seconds}, Bun ${Bun.version}; ${machineLine(new Date())}`);
}

function progress(text: string): void {
  console.error(text);
}
