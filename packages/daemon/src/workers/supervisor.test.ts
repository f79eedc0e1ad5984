import { afterEach, beforeEach, describe, expect, jest, test } from 'bun:test';
import { createLogger, type MetricFamily } from '@zeke/foundation';
import type { Greeting, SupervisorMessage } from './messages.ts';
import { type StartWorker, Supervisor } from './supervisor.ts';

const greeting: Greeting = {
  url: 'http://127.0.0.1:4321',
  localUrl: 'http://127.0.0.1:4321',
  providers: [],
  requireAuth: false,
};

/** A process that does what the test says. */
class ScriptedWorker {
  readonly pid: number;
  readonly options: StartWorker;
  readonly heard: SupervisorMessage[] = [];
  killed = false;
  readonly #exited = Promise.withResolvers<number>();

  constructor(pid: number, options: StartWorker) {
    this.pid = pid;
    this.options = options;
  }

  get exited(): Promise<number> {
    return this.#exited.promise;
  }

  send(message: SupervisorMessage): void {
    this.heard.push(message);
  }

  kill(): void {
    this.killed = true;
    this.exit(137);
  }

  exit(code: number): void {
    this.#exited.resolve(code);
  }

  ready(): void {
    this.options.onMessage({ kind: 'ready', greeting });
  }

  tell(families: MetricFamily[]): void {
    const asked = this.heard.findLast((message) => message.kind === 'give');
    this.options.onMessage({ kind: 'families', id: asked?.id ?? -1, families });
  }
}

function rig(count: number) {
  const workers: ScriptedWorker[] = [];
  const supervisor = new Supervisor({
    count,
    log: createLogger({ level: 'silent' }),
    stopLimitMs: 5_000,
    start: (options) => {
      const worker = new ScriptedWorker(workers.length + 1, options);
      workers.push(worker);
      return worker;
    },
  });
  return { supervisor, workers };
}

/** All are ready. */
async function started(count: number) {
  const { supervisor, workers } = rig(count);
  const starting = supervisor.start();
  workers[0]?.ready();
  while (workers.length < count) await Promise.resolve();
  for (const worker of workers.slice(1)) worker.ready();
  expect(await starting).toEqual(greeting);
  return { supervisor, workers: workers as [ScriptedWorker, ...ScriptedWorker[]] };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('the first is started alone, and tells the others the port', async () => {
  const { supervisor, workers } = await started(3);
  expect(workers.map(({ options: { isFirst, port } }) => [isFirst, port])).toEqual([
    [true, undefined],
    [false, 4321],
    [false, 4321],
  ]);
  expect(supervisor.pids).toEqual([1, 2, 3]);
});

describe('a start that fails', () => {
  test('of the first', async () => {
    const { supervisor, workers } = rig(2);
    const starting = supervisor.start();
    workers[0]?.exit(3);
    await expect(starting).rejects.toMatchObject({
      code: 'failed_precondition',
      message: 'a worker ended with code 3',
    });
    expect(workers).toHaveLength(1);
  });

  test('of another one takes the first with it', async () => {
    const { supervisor, workers } = rig(2);
    const starting = supervisor.start();
    workers[0]?.ready();
    while (workers.length < 2) await Promise.resolve();
    workers[1]?.exit(1);
    await expect(starting).rejects.toThrow('code 1');
    expect(workers[0]?.killed).toBe(true);
    jest.advanceTimersByTime(60_000);
    expect(workers).toHaveLength(2);
  });
});

test('one that ends is started again, at the same port and in the same place', async () => {
  const { supervisor, workers } = await started(2);
  workers[0].exit(137);
  await workers[0].exited;
  await Promise.resolve();
  expect(supervisor.pids).toEqual([2]);
  jest.advanceTimersByTime(100);
  expect(workers[2]?.options).toMatchObject({ isFirst: true, port: 4321 });
});

test('all are told to reload and to end; who does not end in time is killed', async () => {
  const { supervisor, workers } = await started(2);
  supervisor.reload();
  const stopped = supervisor.stop();
  expect(workers.map(({ heard }) => heard)).toEqual(
    new Array(2).fill([{ kind: 'reload' }, { kind: 'stop' }]),
  );
  workers[0].exit(0);
  while (supervisor.pids.length > 1) await Promise.resolve();
  jest.advanceTimersByTime(5_000);
  await stopped;
  expect(workers.map(({ killed }) => killed)).toEqual([false, true]);
  jest.advanceTimersByTime(60_000);
  expect(workers).toHaveLength(2);
});

describe('metrics', () => {
  const family = (value: number): MetricFamily => ({
    name: 'zeke_requests_total',
    help: '',
    labels: [],
    type: 'counter',
    points: [{ labels: {}, value }],
  });
  const gathered = (worker: ScriptedWorker) =>
    worker.heard.find((message) => message.kind === 'gathered');

  test('of the others are given to the one that asks', async () => {
    const { workers } = await started(3);
    workers[1]?.options.onMessage({ kind: 'gather', id: 7 });
    workers[0].tell([family(1)]);
    expect(gathered(workers[1] as ScriptedWorker)).toBeUndefined();
    workers[2]?.tell([family(2)]);
    expect(gathered(workers[1] as ScriptedWorker)).toEqual({
      kind: 'gathered',
      id: 7,
      families: [[family(1)], [family(2)]],
    });
    // Too late, and known to be.
    workers[0].tell([family(9)]);
  });

  test.each(['that is silent', 'that ends'])('do not wait for one %s', async (what) => {
    const { workers } = await started(3);
    workers[1]?.options.onMessage({ kind: 'gather', id: 1 });
    workers[0].tell([family(1)]);
    if (what === 'that ends') workers[2]?.exit(1);
    else jest.advanceTimersByTime(1_500);
    const asking = workers[1] as ScriptedWorker;
    while (gathered(asking) === undefined) await Promise.resolve();
    expect(gathered(asking)).toMatchObject({ families: [[family(1)]] });
  });
});
