/**
 * `bun run benchmarks/assistant-daemon.ts [SECONDS]`: what a daemon costs that nobody asks anything (60 s,
 * or so many), its resident memory, and how long the first completion takes when it does not run yet,
 * beside the start of Bun alone. Completions are those of the local completer, over a copy of `packages/mcp/src`.
 */
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectDaemon } from '@zeke/protocol/client';
import { median } from './gateway/statistics.ts';

const rounds = 5;
const idleSeconds = Number(process.argv[2] ?? 60);
const repository = join(import.meta.dir, '..');
const folder = await mkdtemp(join(tmpdir(), 'zeke-assistant-daemon-'));
const home = join(folder, 'home');
const project = join(folder, 'project');
const socket = join(home, 'zeke.sock');
const env = { PATH: process.env.PATH, HOME: home, ZEKE_HOME: home };

await mkdir(home);
await cp(join(repository, 'packages/mcp/src'), project, { recursive: true });
await Bun.write(join(home, 'zeke.toml'), '[server]\nport = 0\n[rpc]\nport = 0\n');
await run('git', 'init', '-q', project);

const floorMs: number[] = [];
const coldMs: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  const floorAt = performance.now();
  await run(process.execPath, '-e', '0');
  floorMs.push(performance.now() - floorAt);
  await zeke('daemon', 'stop');
  const startedAt = performance.now();
  await zeke('daemon', 'start');
  await complete();
  coldMs.push(performance.now() - startedAt);
}
const pid = await daemonPid();
const before = await ticksOf(pid);
await Bun.sleep(idleSeconds * 1_000);
const idlePercent = ((await ticksOf(pid)) - before) / idleSeconds;
const residentMb = await residentOf(pid);
await zeke('daemon', 'stop');
await rm(folder, { recursive: true });

const floor = median(floorMs) ?? Number.NaN;
const cold = median(coldMs) ?? Number.NaN;
const [{ model: cpu = 'unknown' } = {}] = cpus();
process.stdout.write(
  [
    `${new Date().toISOString().slice(0, 10)}, Bun ${Bun.version}, Linux ${release()}, ${cpu} (${cpus().length})`,
    `idle for ${idleSeconds} s after a completion: ${idlePercent.toFixed(2)} % of a core (goal 0.0), ${residentMb.toFixed(0)} MB resident (goal < 120)`,
    `zeke daemon start and a first completion: ${cold.toFixed(0)} ms (goal < 400); bun -e 0: ${floor.toFixed(0)} ms; ratio ${(cold / floor).toFixed(1)} (medians of ${rounds})`,
    '',
  ].join('\n'),
);

async function run(...command: string[]): Promise<void> {
  const child = Bun.spawn(command, { env, cwd: folder, stdout: 'ignore', stderr: 'inherit' });
  if ((await child.exited) !== 0) throw new Error(`${command.join(' ')} failed`);
}

function zeke(...args: string[]): Promise<void> {
  return run(join(repository, 'zeke'), ...args);
}

async function complete(): Promise<void> {
  await using client = await connectDaemon({ socket }, { connections: 1 });
  const prefix = 'import { RpcError } from ';
  const request = { prefix, suffix: '', cwd: project, filePath: 'index.ts', explicit: true };
  const { provider } = await client.completion.complete({ ...request, localOnly: true });
  if (provider !== 'local') throw new Error(`${provider} answered, and not the local completer`);
}

async function daemonPid(): Promise<number> {
  await using client = await connectDaemon({ socket }, { connections: 1 });
  return (await client.health.check({})).pid;
}

/** Processor time so far, from `/proc` (proc_pid_stat(5)): hundredths of a second. */
async function ticksOf(process: number): Promise<number> {
  const stat = await readFile(`/proc/${process}/stat`, 'utf8');
  const fields = stat.split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

async function residentOf(process: number): Promise<number> {
  const status = await readFile(`/proc/${process}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1_024;
}
