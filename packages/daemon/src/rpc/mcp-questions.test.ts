import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import type { Brain } from '@zeke/emulators';
import { connectDaemon, type DaemonClient } from '@zeke/protocol/client';
import { QuestionAction } from '@zeke/protocol/reaper';
import { type AssistantBench, assistantBench, tokensOfAnswer as usage } from '../testing/index.ts';

const fixture = join(import.meta.dir, '../../../mcp/src/client/testing/fixture-program.ts');

/** Calls the survey once, and says what came of it. */
const surveyor: Brain = ({ turns }) => {
  const last = turns.at(-1);
  if (last?.role === 'tool') return { text: `It said: ${last.text}`, finish: 'stop', usage };
  return {
    toolCalls: [{ name: 'one__survey', arguments: {} }],
    finish: 'tool-calls' as const,
    usage,
  };
};

let bench: AssistantBench;
let client: DaemonClient;

beforeAll(async () => {
  bench = await assistantBench({
    brain: surveyor,
    files: { 'a.txt': 'a\n' },
    toml: `[mcp.servers.one]
command = "${process.execPath}"
args = ["${fixture}", "legacy"]
trust = true
`,
  });
  await Bun.write(join(bench.home, 'permissions.toml'), 'allow = ["mcp(one)"]\n');
  client = await connectDaemon({ socket: bench.socket });
}, 60_000);

afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await bench[Symbol.asyncDispose]();
});

const fitting = JSON.stringify({ age: 36, size: 'l' });

/**
 * In place of `rejects`, which runs the event loop within itself: on a busy machine what comes from the
 * server's pipe meanwhile is lost (Bun 1.4.5).
 */
function faultOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  );
}

test('a question of an MCP server is an update, and is answered by what fits it', async () => {
  const request = { instruction: 'ask', cwd: bench.root, mode: 'full' };
  const told: string[] = [];
  let message = '';
  for await (const update of client.agent.execute(request)) {
    const { event, sessionId } = update;
    message = update.message;
    if (event.case === 'questionAnswered') told.push(`answered ${event.value.action}`);
    if (event.case !== 'question') continue;
    const { fields, questionId, server } = event.value;
    told.push(`${server}: ${fields.map(({ name, type }) => `${name} ${type}`).join(', ')}`);
    const respond = (action: QuestionAction, content = '') =>
      client.agent.respond({
        sessionId,
        response: { case: 'question', value: { questionId, action, content } },
      });
    const { accept } = QuestionAction;
    for (const wrong of ['', '[1]', '{', '{"age":200,"size":"l"}', '{"age":36}']) {
      expect(await faultOf(respond(accept, wrong))).toMatchObject({ code: 'invalid_argument' });
    }
    await respond(accept, fitting);
    expect(await faultOf(respond(accept, fitting))).toMatchObject({ code: 'not_found' });
  }
  expect(told).toEqual(['one: age integer, size choice, news boolean', 'answered 1']);
  expect(message).toContain(`It said: ${fitting}`);
}, 60_000);

test('a chat declines, unless somebody attends it', async () => {
  const send = (attended: boolean) =>
    client.chat.send({
      cwd: bench.root,
      attended,
      messages: [{ role: 'user', content: 'ask' }],
    });
  let alone = '';
  for await (const { activity, delta, question } of send(false)) {
    expect(question).toBeUndefined();
    alone += `${activity}${delta}`;
  }
  expect(alone).toContain('nobody is here to answer: declined');
  expect(alone).toContain('It said: decline');
  let together = '';
  for await (const { delta, question, sessionId } of send(true)) {
    together += delta;
    if (question === undefined) continue;
    const { questionId } = question;
    const value = { questionId, action: QuestionAction.accept, content: fitting };
    await client.agent.respond({ sessionId, response: { case: 'question', value } });
  }
  expect(together).toContain(`It said: ${fitting}`);
}, 60_000);
