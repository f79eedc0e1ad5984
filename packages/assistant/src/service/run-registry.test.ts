import { afterEach, beforeEach, expect, test } from 'bun:test';
import type { AgentEvent } from '../agent/agent-event.ts';
import { type NumberedEvent, RunRegistry } from './run-registry.ts';

const usage = { steps: 1, inputTokens: 0, outputTokens: 0, cachedInputTokens: 0 };
const start: AgentEvent = { type: 'start', sessionId: 'a', model: 'm' };
const end: AgentEvent = {
  type: 'end',
  status: 'completed',
  message: 'done',
  reason: 'done',
  usage,
};
const said = (text: string): AgentEvent => ({ type: 'text', step: 1, text });

let runs: RunRegistry;
const never = new AbortController().signal;

beforeEach(() => {
  runs = new RunRegistry();
});

afterEach(async () => {
  await runs[Symbol.asyncDispose]();
});

/** A run that is told what to say. */
function scripted() {
  const next: PromiseWithResolvers<AgentEvent>[] = [Promise.withResolvers()];
  let signal: AbortSignal | undefined;
  const isStopped = Promise.withResolvers<void>();
  return {
    isStopped: isStopped.promise,
    say(event: AgentEvent) {
      next.at(-1)?.resolve(event);
      next.push(Promise.withResolvers());
    },
    async *begin(given: AbortSignal): AsyncGenerator<AgentEvent> {
      signal = given;
      const aborted = new Promise<undefined>((resolve) => {
        signal?.addEventListener('abort', () => resolve(undefined));
      });
      try {
        for (let index = 0; ; index++) {
          const event = await Promise.race([next[index]?.promise, aborted]);
          if (event === undefined) return;
          yield event;
          if (event.type === 'end') return;
        }
      } finally {
        isStopped.resolve();
      }
    },
  };
}

async function all(events: AsyncIterable<NumberedEvent>): Promise<string[]> {
  const told: string[] = [];
  for await (const { event, sequence } of events) told.push(`${sequence} ${event.type}`);
  return told;
}

test('events are told with their numbers, to who comes later, too', async () => {
  const { begin, say } = scripted();
  for (const event of [start, said('x')]) say(event);
  const first = all(runs.start(begin, { isDetached: false, signal: never }));
  await new Promise((resolve) => setImmediate(resolve));
  expect(runs.active).toBe(1);
  const late = all(runs.follow('a', 1, never));
  say(end);
  expect(await first).toEqual(['1 start', '2 text', '3 end']);
  expect(await late).toEqual(['2 text', '3 end']);
  expect(runs.active).toBe(0);
  expect(await all(runs.follow('a', 0, never))).toEqual(['1 start', '2 text', '3 end']);
});

test('a work that tells more is followed as an agent is, and ends when it is asked to', async () => {
  const { begin, isStopped, say } = scripted();
  async function* more(signal: AbortSignal) {
    for await (const event of begin(signal)) {
      yield { event };
      yield { note: 'x' };
    }
  }
  type More = { readonly event?: AgentEvent; readonly note?: string };
  const view = ({ event, note }: More) => event ?? { type: 'notice' as const, text: note ?? '' };
  const options = { isDetached: false, signal: never };
  const told = runs.startAs<More>(more, view, options);
  say(start);
  expect(await told.next()).toMatchObject({ value: { sequence: 1, event: { event: start } } });
  expect(await told.next()).toMatchObject({ value: { sequence: 2, event: { note: 'x' } } });
  const followed = all(runs.follow('a', 0, never));
  expect(runs.cancel('b')).toBe(false);
  expect(runs.cancel('a')).toBe(true);
  await isStopped;
  expect(await followed).toEqual(['1 start', '2 notice']);
  expect(runs.cancel('a')).toBe(false);
  expect(await told.next()).toMatchObject({ done: true });
});

test('who leaves ends the run, unless it is detached', async () => {
  const { begin, isStopped, say } = scripted();
  say(start);
  for await (const _event of runs.start(begin, { isDetached: false, signal: never })) break;
  await isStopped;
  expect(runs.active).toBe(0);

  const detached = scripted();
  detached.say(start);
  for await (const _event of runs.start(detached.begin, { isDetached: true, signal: never })) break;
  expect(runs.active).toBe(1);
  detached.say(end);
  expect(await all(runs.follow('a', 1, never))).toEqual(['2 end']);
});

test('an aborted signal ends the following, and with it the run', async () => {
  const leaving = new AbortController();
  const { begin, isStopped, say } = scripted();
  say(start);
  const told = all(runs.start(begin, { isDetached: false, signal: leaving.signal }));
  await new Promise((resolve) => setImmediate(resolve));
  leaving.abort();
  expect(await told).toEqual(['1 start']);
  await isStopped;
});

test('a run that cannot begin throws; one that nobody knows is not found', async () => {
  async function* failing(): AsyncGenerator<AgentEvent> {
    yield* [];
    throw new Error('no such folder');
  }
  await expect(all(runs.start(failing, { isDetached: false, signal: never }))).rejects.toThrow(
    'no such folder',
  );
  expect(() => runs.follow('b', 0, never)).toThrow('does not work');
});
