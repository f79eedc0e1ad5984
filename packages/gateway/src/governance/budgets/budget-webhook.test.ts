import { afterEach, beforeEach, expect, test } from 'bun:test';
import { createLogger, Spool } from '@zeke/foundation';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { type BudgetEvent, BudgetWebhook } from './budget-webhook.ts';

let statuses: number[];
let bodies: string[];
let logged: string[];
let stopping: AbortController;
let server: Bun.Server<undefined>;

beforeEach(() => {
  statuses = [];
  bodies = [];
  logged = [];
  stopping = new AbortController();
  server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      bodies.push(await request.text());
      return new Response(null, { status: statuses.shift() ?? 200 });
    },
  });
});
afterEach(() => server.stop(true));

function webhook(retryMs = 0, spool?: Spool): BudgetWebhook {
  const write = (text: string) => void logged.push(JSON.parse(text).msg);
  const made = new BudgetWebhook({
    fetch,
    log: createLogger({ level: 'info', destination: { write } }),
    stopping: stopping.signal,
    retryMs,
    spool,
  });
  made.settings = { url: server.url.href };
  return made;
}

function event(id: string): BudgetEvent {
  return {
    id: `evt_${id}`,
    type: 'budget.warning',
    at: '2026-11-21T12:00:00.000Z',
    budget: { kind: 'key', id, period: 'day', mode: 'soft', limit_micro_usd: 1 },
    spent_micro_usd: 2,
    reserved_micro_usd: 0,
  };
}

test('events are sent in order, and again where they were not taken', async () => {
  statuses = [503, 500, 200, 200];
  const hook = webhook();
  hook.send(event('a'));
  hook.send(event('b'));
  await hook.settled;
  expect(bodies.map((body) => JSON.parse(body).budget.id)).toEqual(['a', 'a', 'a', 'b']);
  expect(logged).toEqual([]);
});

test('after three tries one is given up, and the log says so', async () => {
  statuses = [500, 500, 302];
  const hook = webhook();
  hook.send(event('a'));
  hook.send(event('b'));
  await hook.settled;
  expect(bodies).toHaveLength(4);
  expect(logged).toEqual(['budgets.webhook_url did not take an event; it is given up']);
});

test('no more than a hundred wait', async () => {
  const hook = webhook();
  for (let count = 0; count < 103; count++) hook.send(event(`${count}`));
  await hook.settled;
  expect(bodies).toHaveLength(100);
  expect(logged).toHaveLength(3);
  hook.send(event('next'));
  await hook.settled;
  expect(bodies).toHaveLength(101);
});

test('the end of the process ends the tries', async () => {
  statuses = [500];
  const hook = webhook(60_000);
  hook.send(event('a'));
  stopping.abort();
  await hook.settled;
  expect(bodies.length).toBeLessThanOrEqual(1);
});

test('without an address nothing is sent', async () => {
  const hook = webhook();
  hook.settings = undefined;
  hook.send(event('a'));
  await hook.settled;
  expect(bodies).toEqual([]);
});

test('what the end of the process finds unsent is sent by the next one, in order and first', async () => {
  await using directory = await temporaryDirectory();
  const log = createLogger({ level: 'silent' });
  const open = () =>
    Spool.open({ folder: directory.path, name: 'webhook', maxBytes: 100_000, log });
  {
    await using spool = await open();
    const hook = webhook(60_000, spool);
    const refused = Promise.withResolvers<void>();
    hook.send(event('a'));
    hook.send(event('b'));
    hook.send(event('c'));
    server.reload({
      fetch: async (request) => {
        bodies.push(await request.text());
        if (bodies.length === 2) refused.resolve();
        return new Response(null, { status: bodies.length === 1 ? 200 : 500 });
      },
    });
    await refused.promise;
    stopping.abort();
    await hook.keep();
    expect(bodies.map((body) => JSON.parse(body).id)).toEqual(['evt_a', 'evt_b']);
  }
  bodies = [];
  stopping = new AbortController();
  server.reload({
    fetch: async (request) => {
      bodies.push(await request.text());
      return new Response();
    },
  });
  await using spool = await open();
  const hook = webhook(0, spool);
  hook.resume();
  hook.send(event('d'));
  await hook.settled;
  expect(bodies.map((body) => JSON.parse(body).id)).toEqual(['evt_b', 'evt_c', 'evt_d']);
  expect(spool.isEmpty).toBe(true);
  expect(logged.at(-1)).toContain('was told what an earlier process could not tell');
});

test('without a place to keep them, events that are lost are told', async () => {
  statuses = [500];
  const hook = webhook(60_000);
  hook.send(event('a'));
  stopping.abort();
  await hook.keep();
  expect(logged).toEqual([
    'events for budgets.webhook_url were not sent before the end, and are lost',
  ]);
});
