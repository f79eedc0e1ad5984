import { appendFileSync, writeSync } from 'node:fs';
import { Agent } from '../../agent/agent.ts';
import { planModel } from './kill-model.ts';
import { planOf } from './kill-plan.ts';
import { killTools } from './kill-tools.ts';
import { openKillWorkplace } from './kill-workplace.ts';

/**
 * Goes on with the one session of a folder, as far as it comes: arguments are the folder, the seed of the
 * plan, its length, and the point at which it kills itself (0: it does not).
 */
const [folder = '', seed = '', length = '', killAt = ''] = process.argv.slice(2);
let points = 0;

function point(): void {
  points += 1;
  if (points === Number(killAt)) process.kill(process.pid, 'SIGKILL');
}

await using workplace = await openKillWorkplace(folder, process.env.PATH ?? '');
const { project, sessions, snapshots, toldPath } = workplace;
const [session] = await sessions.list();
const scripted = planModel(planOf(Number(seed), Number(length)));
const agent = new Agent({
  model: {
    generate: async function* (request, signal) {
      point();
      for await (const event of scripted.generate(request, signal)) {
        point();
        yield event;
      }
    },
    fill: (request, signal) => scripted.fill(request, signal),
    models: (signal) => scripted.models(signal),
  },
  sessions,
  snapshots,
  permissions: async () => ({
    judge: async () => ({ verdict: 'allow', reason: '', remembers: [] }),
    remember: async () => {},
  }),
  tools: async () => ({ tools: killTools(point) }),
  now: Date.now,
});
writeSync(1, 'begun\n');
const limits = { maxSteps: 10_000 };
const task = { model: 'scripted/model', mode: 'full', limits } as const;
const request =
  session === undefined
    ? { ...task, place: { project, cwd: project.root }, instruction: 'do the plan' }
    : { ...task, sessionId: session.id, instruction: 'go on' };
for await (const event of agent.run(request, new AbortController().signal)) {
  if (event.type === 'tool-result') appendFileSync(toldPath, `${event.callId}\n`);
  if (event.type === 'end') writeSync(1, `${event.reason}: ${event.message}\n`);
  point();
}
