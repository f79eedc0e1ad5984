/**
 * `bun run benchmarks/gateway.ts`: what a gateway costs. Prints Markdown tables; ends with an error
 * only when a server failed or a byte of an answer was wrong.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bareBun } from './gateway/contenders/bare-bun.ts';
import type { Contender, ContenderName } from './gateway/contenders/contender.ts';
import { direct } from './gateway/contenders/direct.ts';
import { governed } from './gateway/contenders/governed.ts';
import { litellm } from './gateway/contenders/litellm.ts';
import { nginx } from './gateway/contenders/nginx.ts';
import { portkey } from './gateway/contenders/portkey.ts';
import { type Zeke, type ZekeOptions, zeke } from './gateway/contenders/zeke.ts';
import { idleStreams } from './gateway/idle-streams.ts';
import type { MeasureName } from './gateway/measures.ts';
import { type Options, readOptions, usage } from './gateway/options.ts';
import { profile } from './gateway/profile.ts';
import { Figures } from './gateway/report/figures.ts';
import { goalsOf, goalsTable } from './gateway/report/goals-table.ts';
import { machineLine } from './gateway/report/machine.ts';
import { measuredTable } from './gateway/report/measured-table.ts';
import { noteRounds } from './gateway/report/round-notes.ts';
import { Rig } from './gateway/rig.ts';
import { type MeasuredRounds, runRounds } from './gateway/run-rounds.ts';
import { Session } from './gateway/session.ts';
import { soak } from './gateway/soak.ts';

const restarts = 5;
/** How long contenders may rest before their memory is read for the last time. */
const restMs = 2_000;

const options = readOptions(process.argv.slice(2));
if (options.mode === 'help') console.log(usage);
else await inFolder((folder) => run(options, folder));

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'zeke-benchmark-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(options: Options, folder: string): Promise<void> {
  using rig = await Rig.start();
  const { emulatorPort } = rig;
  if (options.mode === 'profile') {
    console.log(await profile(options, rig, folder));
    return;
  }
  if (options.mode === 'soak' || options.mode === 'idle') {
    await using server = await zeke({ emulatorPort, folder, command: options.zeke }, 0);
    const session = new Session(server, rig);
    const told = options.mode === 'soak' ? soak : idleStreams;
    console.log(await told(session, progress, rig));
    console.log(`\n${await ledgerLine(server, session)}\n\n${machineLine(new Date())}`);
    return;
  }
  await using servers = new AsyncDisposableStack();
  const sessions: Session[] = [];
  for (const name of options.contenders) {
    progress(`starting ${name}`);
    const own = { emulatorPort, folder: join(folder, name), command: options.zeke };
    sessions.push(new Session(servers.use(await start(name, own)), rig));
  }
  const rounds = await runRounds({ ...options, names: options.measures, sessions, progress });
  await Bun.sleep(restMs);
  for (const session of sessions) session.noteMemory();
  await report(rounds, sessions);
}

async function report(
  rounds: ReadonlyMap<MeasureName, MeasuredRounds>,
  sessions: readonly Session[],
): Promise<void> {
  const figures = new Figures(rounds);
  const session = sessions.find(({ contender }) => isZeke(contender));
  const server = session && isZeke(session.contender) ? session.contender : undefined;
  const startTimes = server?.startTimesMs ?? [];
  console.log(measuredTable(figures, sessions, startTimes));
  console.log(`\n${goalsTable(goalsOf(figures, session, startTimes))}\n`);
  if (server && session) console.log(`${await ledgerLine(server, session)}\n`);
  console.log(`${noteRounds(rounds)}\n\n${machineLine(new Date())}`);
}

async function start(name: ContenderName, options: ZekeOptions): Promise<Contender> {
  switch (name) {
    case 'direct':
      return direct(options);
    case 'nginx':
      return nginx(options);
    case 'bare':
      return bareBun(options);
    case 'portkey':
      return portkey(options);
    case 'litellm':
      return litellm(options);
    case 'zeke':
      return zeke(options, restarts);
    case 'governed':
      return governed(options);
  }
}

function isZeke(contender: Contender): contender is Zeke {
  return contender.name === 'zeke';
}

/** Throws when a request is missing on the ledger. */
async function ledgerLine(server: Zeke, session: Session): Promise<string> {
  const rows = await server.ledgerRows();
  const expected = session.requests + server.startTimesMs.length;
  if (rows !== expected) throw new Error(`the ledger has ${rows} rows for ${expected} requests`);
  return `The ledger has a row for each of zeke's ${expected.toLocaleString('en-US')} requests.`;
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
