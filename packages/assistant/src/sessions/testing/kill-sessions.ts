import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { checkConversation } from '../../testing/check-conversation.ts';
import { toMessages } from '../conversation.ts';
import { foldEntries } from '../fold-entries.ts';
import { SessionChanges } from '../session-changes.ts';
import type { Session } from '../session-store.ts';
import { filesAfter, planOf, seededRandom } from './kill-plan.ts';
import { killTools } from './kill-tools.ts';
import { type KillWorkplace, openKillWorkplace } from './kill-workplace.ts';

export interface KillSessionsOptions {
  readonly kills: number;
  readonly seed: number;
  /** Steps in the plan of each session. */
  readonly planLength: number;
  readonly path: string;
  readonly onProgress?: (text: string) => void;
}

export interface KillReport {
  readonly kills: number;
  readonly sessions: number;
  readonly results: number;
  readonly repaired: number;
  /** What was lost, doubled or wrong. */
  readonly faults: readonly string[];
}

/** The longest that a process is left alone before it is killed, in milliseconds. */
const maxLifeMs = 600;
/** The last point at which a process kills itself. */
const maxPoint = 70;

/**
 * Kills processes that run sessions, half of them at a point of their own, half from outside at any time,
 * goes on with each session until its plan is done, and then looks for what is lost or doubled.
 */
export async function killSessions(options: KillSessionsOptions): Promise<KillReport> {
  const random = seededRandom(options.seed);
  const report = { kills: 0, sessions: 0, results: 0, repaired: 0, faults: [] as string[] };
  while (report.kills < options.kills) {
    const planSeed = Math.floor(random() * 2 ** 31);
    await using folder = await temporaryDirectory();
    await mkdir(join(folder.path, 'shop'));
    report.sessions += 1;
    for (let isDone = false; !isDone; ) {
      const mayKill = report.kills < options.kills;
      const end = await live(folder.path, planSeed, options, mayKill ? random : undefined);
      if (end === 'killed') report.kills += 1;
      isDone = end !== 'killed';
      if (isDone && end !== 'done: It is all done.') report.faults.push(`the run ended: ${end}`);
      options.onProgress?.(`${report.kills} kills, session ${report.sessions}`);
    }
    await using workplace = await openKillWorkplace(folder.path, options.path);
    const looked = await look(workplace, planSeed, options.planLength);
    report.results += looked.results;
    report.repaired += looked.repaired;
    report.faults.push(...looked.faults.map((fault) => `plan ${planSeed}: ${fault}`));
  }
  return report;
}

/** One life of a process: `killed`, or what it said at its end. */
async function live(
  folder: string,
  seed: number,
  { planLength, path }: KillSessionsOptions,
  random: (() => number) | undefined,
): Promise<string> {
  const isByPoint = random !== undefined && random() < 0.5;
  const killAt = isByPoint ? 1 + Math.floor(random() * maxPoint) : 0;
  const program = join(import.meta.dirname, 'killed-run-program.ts');
  const args = [folder, seed, planLength, killAt].map(String);
  const child = Bun.spawn([process.execPath, program, ...args], {
    env: { PATH: path },
    stdout: 'pipe',
    stderr: 'pipe',
  });
  let output = '';
  const decoder = new TextDecoder();
  for await (const bytes of child.stdout) {
    const isFirst = output === '';
    output += decoder.decode(bytes, { stream: true });
    if (isFirst && random !== undefined && !isByPoint) {
      setTimeout(() => child.kill('SIGKILL'), random() * maxLifeMs).unref();
    }
  }
  const errors = await new Response(child.stderr).text();
  await child.exited;
  if (child.signalCode === 'SIGKILL') return 'killed';
  return output.replace('begun\n', '').trim() || errors;
}

async function look(
  workplace: KillWorkplace,
  seed: number,
  planLength: number,
): Promise<{ results: number; repaired: number; faults: string[] }> {
  const { sessions, snapshots, project, toldPath } = workplace;
  const plan = planOf(seed, planLength);
  const listed = await sessions.list();
  const session = await sessions.get(listed[0]?.id ?? '');
  const told = (await readFile(toldPath, 'utf8').catch(() => '')).split('\n').filter(Boolean);
  const faults = faultsOf(session, told);
  if (listed.length !== 1) faults.push(`there are ${listed.length} sessions`);
  const wanted = filesAfter(plan);
  faults.push(...(await differences(project.root, wanted)));

  // Every change was noted, so that all of them can be taken back and made again.
  const changes = new SessionChanges({ sessions, snapshots });
  const { length } = foldEntries(session.entries).changes;
  const signal = new AbortController().signal;
  for (const move of ['undo', 'redo'] as const) {
    for (let steps = 0; steps < length; steps += 1) {
      const { kept } = await changes[move](session.info.id, false, signal);
      for (const { path, reason } of kept) faults.push(`${move} left ${path}: ${reason}`);
    }
    const files = move === 'undo' ? new Map<string, string>() : wanted;
    faults.push(...(await differences(project.root, files)).map((fault) => `${move}: ${fault}`));
  }
  const results = session.entries.flatMap(({ data }) => (data.kind === 'result' ? [data] : []));
  return {
    results: results.length,
    repaired: results.filter(({ isRepair }) => isRepair).length,
    faults,
  };
}

function faultsOf({ entries, damaged }: Session, told: readonly string[]): string[] {
  const faults = damaged.map(({ seq }) => `entry ${seq} is damaged`);
  const gap = entries.find(({ seq }, index) => seq !== index + 1);
  if (gap !== undefined) faults.push(`entry ${gap.seq} does not follow the one before`);
  const results = new Map<string, number>();
  const repaired = new Set<string>();
  for (const { data } of entries) {
    if (data.kind !== 'result') continue;
    results.set(data.callId, (results.get(data.callId) ?? 0) + 1);
    if (data.isRepair) repaired.add(data.callId);
  }
  for (const [id, count] of results) if (count > 1) faults.push(`${id} has ${count} results`);
  for (const id of told) {
    if (!results.has(id)) faults.push(`the result of ${id} was told, and is lost`);
    if (repaired.has(id)) faults.push(`the result of ${id} was told, and repaired all the same`);
  }
  const tools = killTools(() => {}).map(({ name, description, parameters }) => ({
    name,
    description,
    parameters,
  }));
  const messages = toMessages(foldEntries(entries).active).slice(0, -1);
  const fault = checkConversation({ model: 'm', system: '', messages, tools });
  if (fault !== undefined) faults.push(fault);
  return faults;
}

async function differences(root: string, wanted: ReadonlyMap<string, string>): Promise<string[]> {
  const found = new Set(await Array.fromAsync(new Bun.Glob('**/*').scan({ cwd: root, dot: true })));
  const faults = [...found].filter((path) => !wanted.has(path)).map((path) => `${path} is there`);
  for (const [path, text] of wanted) {
    const current = await readFile(join(root, path), 'utf8').catch(() => undefined);
    if (current !== text) faults.push(`${path} is ${JSON.stringify(current?.slice(0, 200))}`);
  }
  return faults;
}
