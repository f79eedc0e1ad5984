/**
 * `bun run benchmarks/assistant-daemon.ts [SECONDS]`: what a daemon costs that nobody asks anything (60 s,
 * or so many), how long the first completion takes when it does not run yet, by the command that a user
 * types and by an editor's client, and what it holds with twenty projects open. Beside each stands Bun
 * alone. Completions are those of the local completer. `zeke --install-only` comes first, so that it is
 * the built program that is measured.
 */
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectDaemon } from '@zeke/protocol/client';
import { atRest, residentOf, ticksOf } from './assistant-daemon/process-cost.ts';
import { makeProjects } from './assistant-daemon/projects.ts';
import { median } from './gateway/statistics.ts';

const rounds = 5;
const projectCount = 20;
const restLimitMs = 120_000;
const idleSeconds = Number(process.argv[2] ?? 60);
const repository = join(import.meta.dir, '..');
const folder = await mkdtemp(join(tmpdir(), 'zeke-assistant-daemon-'));
const home = join(folder, 'home');
const project = join(folder, 'project');
const socket = join(home, 'zeke.sock');
const env = { PATH: process.env.PATH, HOME: home, ZEKE_HOME: home };

await mkdir(home);
await cp(join(repository, 'packages/mcp/src'), project, { recursive: true });
await Bun.write(join(project, 'draft.ts'), 'import { RpcError } from \n');
await Bun.write(join(home, 'zeke.toml'), '[server]\nport = 0\n[rpc]\nport = 0\n');
await run('git', 'init', '-q', project);
await zeke('--install-only');
await zeke('version');

const [{ model: cpu = 'unknown' } = {}] = cpus();
tell(
  `${new Date().toISOString().slice(0, 10)}, Bun ${Bun.version}, Linux ${release()}, ${cpu} (${cpus().length})`,
);
const floorMs: number[] = [];
const commandMs: number[] = [];
const clientMs: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  floorMs.push(await timeOf(() => run(process.execPath, '-e', '0')));
  await zeke('daemon', 'stop');
  commandMs.push(
    await timeOf(() => zeke('complete', '--local', `${join(project, 'draft.ts')}:1:26`)),
  );
  await zeke('daemon', 'stop');
  clientMs.push(
    await timeOf(async () => {
      await zeke('daemon', 'start');
      await complete(project);
    }),
  );
}
const floor = median(floorMs) ?? Number.NaN;
tellStart('zeke complete FILE:LINE:COL, which starts the daemon', commandMs);
tellStart('zeke daemon start, then a completion by a client', clientMs);

const bare = Bun.spawn([process.execPath, '-e', 'setInterval(() => {}, 1e9)']);
const pid = await daemonPid();
await atRest(pid, restLimitMs);
const bareBefore = await ticksOf(bare.pid);
const before = await ticksOf(pid);
await Bun.sleep(idleSeconds * 1_000);
const idlePercent = ((await ticksOf(pid)) - before) / idleSeconds;
const barePercent = ((await ticksOf(bare.pid)) - bareBefore) / idleSeconds;
const bareMb = (await residentOf(bare.pid)).now;
bare.kill();
const { now: residentMb } = await residentOf(pid);
tell(
  `idle for ${idleSeconds} s after a completion: ${idlePercent.toFixed(2)} % of a core (goal 0.0), Bun alone ${barePercent.toFixed(2)} %; ` +
    `${residentMb.toFixed(0)} MB resident (goal < 120), Bun alone ${bareMb.toFixed(0)} MB, ratio ${(residentMb / bareMb).toFixed(1)}`,
);

await zeke('daemon', 'stop');
await zeke('daemon', 'start');
const roots = await makeProjects(repository, folder, projectCount);
const many = await daemonPid();
await Promise.all(roots.map(complete));
await atRest(many, restLimitMs);
const { most, now } = await residentOf(many);
tell(
  `${projectCount} projects of 250 files open at once: ${most.toFixed(0)} MB resident at most, ${now.toFixed(0)} MB at rest (goal < 500), ratio to Bun alone ${(most / bareMb).toFixed(1)}`,
);
await zeke('daemon', 'stop');
await rm(folder, { recursive: true });

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

function tellStart(what: string, all: readonly number[]): void {
  const ms = median(all) ?? Number.NaN;
  tell(
    `${what}: ${ms.toFixed(0)} ms (goal < 400); bun -e 0: ${floor.toFixed(0)} ms; ratio ${(ms / floor).toFixed(1)} (medians of ${rounds})`,
  );
}

async function timeOf(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

async function run(...command: string[]): Promise<void> {
  const child = Bun.spawn(command, { env, cwd: folder, stdout: 'ignore', stderr: 'pipe' });
  const [said, code] = await Promise.all([new Response(child.stderr).text(), child.exited]);
  if (code !== 0) throw new Error(`${command.join(' ')} failed: ${said}`);
}

function zeke(...args: string[]): Promise<void> {
  return run(join(repository, 'zeke'), ...args);
}

async function complete(root: string): Promise<void> {
  await using client = await connectDaemon({ socket }, { connections: 1 });
  const prefix = 'import { RpcError } from ';
  const request = { prefix, suffix: '', cwd: root, filePath: 'index.ts', explicit: true };
  const { provider } = await client.completion.complete({ ...request, localOnly: true });
  if (provider !== 'local') throw new Error(`${provider} answered, and not the local completer`);
}

async function daemonPid(): Promise<number> {
  await using client = await connectDaemon({ socket }, { connections: 1 });
  return (await client.health.check({})).pid;
}
