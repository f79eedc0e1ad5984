/**
 * `bun run benchmarks/agent-loop.ts`: what the agent's loop costs in one step, beside a model that answers at
 * once and a tool that does next to nothing. The floor is a bare loop over the same model and tool in the
 * same run: no session, no events, no snapshots. Prints a Markdown table.
 */
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Agent,
  type ModelClient,
  type ModelMessage,
  type ModelPart,
  SessionStore,
  type SessionTables,
  Snapshots,
  sessionMigrations,
  type Tool,
} from '@zeke/assistant';
import { openStorage } from '@zeke/foundation';
import { markdownTable } from './gateway/report/markdown.ts';
import { median } from './gateway/statistics.ts';

const rounds = 5;
const steps = 20;
const files = 10_000;
const path = process.env.PATH ?? '';
const signal = new AbortController().signal;

const base = {
  parameters: { type: 'object' },
  parse: (input: unknown) => input as { at: number },
};
const look: Tool<{ at: number }> = {
  ...base,
  name: 'look',
  description: 'Does nothing.',
  isReadOnly: true,
  actions: () => [],
  run: async ({ at }) => ({ text: `seen ${at}` }),
};
const change: Tool<{ at: number }> = {
  ...base,
  name: 'change',
  description: 'Adds a line to a file.',
  isReadOnly: false,
  actions: (_, { cwd }) => [{ kind: 'write', path: join(cwd, 'log.txt'), change: 'modify' }],
  run: async ({ at }, { cwd }) => {
    await appendFile(join(cwd, 'log.txt'), `${at}\n`);
    return { text: `added ${at}`, changes: [] };
  },
};

/** Calls one tool in each answer, `steps` times, then says that it is done. */
function modelOf(tool: string): ModelClient {
  return {
    generate: async function* ({ messages }) {
      const at = (messages.length - 1) / 2;
      const usage = { inputTokens: 100, outputTokens: 10 };
      if (at === steps) {
        yield { type: 'text', text: 'done' };
        yield { type: 'finish', reason: 'stop', usage };
        return;
      }
      yield { type: 'text', text: `Step ${at}.` };
      yield { type: 'tool-call', index: 0, id: `call_${at}`, name: tool };
      yield { type: 'tool-arguments', index: 0, json: JSON.stringify({ at }) };
      yield { type: 'finish', reason: 'tool-calls', usage };
    },
    fill: () => {
      throw new Error('nobody fills here');
    },
    models: async () => [],
  };
}

/** A loop that keeps nothing. */
async function bareLoop(root: string, tool: typeof look): Promise<void> {
  const model = modelOf(tool.name);
  const user = (part: ModelPart): ModelMessage => ({ role: 'user', parts: [part] });
  const messages: ModelMessage[] = [user({ type: 'text', text: 'go' })];
  const project = { root, name: 'bench' };
  const place = { project, cwd: root, sessionId: '', signal, allowed: [], onProgress: () => {} };
  for (;;) {
    const parts: ModelPart[] = [];
    let json = '';
    let callId = '';
    for await (const event of model.generate({ model: 'm', system: '', messages }, signal)) {
      if (event.type === 'text') parts.push({ type: 'text', text: event.text });
      else if (event.type === 'tool-call') callId = event.id;
      else if (event.type === 'tool-arguments') json += event.json;
    }
    if (callId === '') return;
    parts.push({ type: 'tool-call', id: callId, name: tool.name, arguments: json });
    const { text } = await tool.run(tool.parse(JSON.parse(json)), { ...place, callId });
    messages.push({ role: 'assistant', parts });
    messages.push(
      user({ type: 'tool-result', callId, isError: false, content: [{ type: 'text', text }] }),
    );
  }
}

const folder = await mkdtemp(join(tmpdir(), 'zeke-agent-loop-'));
const small = join(folder, 'small');
const large = join(folder, 'large');
await mkdir(small);
for (let at = 0; at < files; at += 1) {
  const sub = join(large, `d${at % 100}`);
  if (at < 100) await mkdir(sub, { recursive: true });
  await writeFile(join(sub, `f${at}.ts`), `export const x${at} = ${at};\n`.repeat(20));
}
const storage = await openStorage<SessionTables>(`sqlite:${join(folder, 'zeke.db')}`);
await storage.migrate([sessionMigrations]);
const sessions = new SessionStore({ storage, now: Date.now });

async function agentRun(root: string, tool: typeof look, withSnapshots: boolean): Promise<void> {
  const agent = new Agent({
    model: modelOf(tool.name),
    sessions,
    permissions: async () => ({
      judge: async () => ({ verdict: 'allow', reason: '', remembers: [] }),
      remember: async () => {},
    }),
    tools: async () => ({ tools: [tool] }),
    ...(withSnapshots && {
      snapshots: (project: { root: string; name: string }) =>
        new Snapshots({ project, folder: join(folder, 'snapshots'), path, now: Date.now }),
    }),
    now: Date.now,
  });
  const place = { project: { root, name: 'bench' }, cwd: root };
  const limits = { maxSteps: steps + 2 };
  const request = { place, limits, instruction: 'go', model: 'm', mode: 'full' } as const;
  let last = '';
  for await (const event of agent.run(request, signal))
    if (event.type === 'end') last = event.reason;
  if (last !== 'done') throw new Error(`the run ended with ${last}`);
}

const contenders: readonly [name: string, run: () => Promise<void>][] = [
  ['bare loop (floor)', () => bareLoop(small, look)],
  ['agent, a tool that reads', () => agentRun(small, look, true)],
  ['agent, a tool that writes, no snapshots', () => agentRun(small, change, false)],
  ['agent, a tool that writes, snapshots of a few files', () => agentRun(small, change, true)],
  [`agent, the same, of ${files} files`, () => agentRun(large, change, true)],
];
const costs = new Map(contenders.map(([name]) => [name, [] as number[]]));
for (let round = -1; round < rounds; round += 1) {
  for (const [name, run] of contenders) {
    const startMs = performance.now();
    await run();
    if (round >= 0) costs.get(name)?.push((performance.now() - startMs) / (steps + 1));
  }
}
await storage.close();
await rm(folder, { recursive: true });

const floorMs = median(costs.get('bare loop (floor)') ?? []) ?? Number.NaN;
const rows = [...costs].map(([name, list]) => {
  const ms = median(list) ?? Number.NaN;
  return [name, ms.toFixed(3), (ms - floorMs).toFixed(3), (ms / floorMs).toFixed(0)];
});
const [{ model: cpu = 'unknown' } = {}] = cpus();
process.stdout.write(
  `Bun ${Bun.version}, Linux ${release()}, ${cpu}; ${rounds} rounds of ${steps} steps, medians\n\n${markdownTable(
    ['', 'ms a step', 'beside model and tool', 'x floor'],
    rows,
  )}\n`,
);
