import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import type { Listener } from '../../../core/call.ts';
import { createServer } from '../../../core/server.ts';
import { testCertificates } from '../../../testing/test-certificates.ts';
import { listenWebSocket } from '../../websocket/server.ts';
import { type ServeFetchOptions, serveFetch } from '../server/serve-fetch.ts';
import { talkHandlers } from '../testing/talk-handlers.ts';
import { Talk } from '../testing/talk-service.ts';
import { Chromium } from './chromium.ts';
import type { PageOptions, run as runInPage } from './page.ts';

/* A page in Chromium, of another origin than the server, calls it with the client as bundled. */

type PageReport = Awaited<ReturnType<typeof runInPage>>;

const executable = Bun.which('chromium');
const left: (() => void)[] = [];
const server = createServer().add(Talk, {
  ...talkHandlers,
  async *count(request, context) {
    if (request.text === 'leave') context.signal.addEventListener('abort', () => left.shift()?.());
    yield* talkHandlers.count(request, context);
  },
});
const { server: identity } = await testCertificates();
const tls = { cert: identity.certificate, key: identity.key };

describe.if(executable !== null)('a page in Chromium', () => {
  const listeners: Listener[] = [];
  let chromium: Chromium;
  let page: ReturnType<typeof Bun.serve>;
  let plain = '';
  let secure = '';
  let socket = '';

  beforeAll(async () => {
    page = await servePage();
    const origins = [page.url.origin];
    const fetchOptions = {
      handler: server.handler,
      methods: (path) => server.method(path),
      cors: { origins },
    } satisfies ServeFetchOptions;
    listeners.push(
      await serveFetch(fetchOptions),
      await serveFetch({ ...fetchOptions, tls, http2: true }),
      await listenWebSocket({
        host: '127.0.0.1',
        port: 0,
        handler: server.handler,
        allowedOrigins: origins,
      }),
    );
    [plain = '', secure = '', socket = ''] = listeners.map(({ address }) => address);
    chromium = await Chromium.launch(executable ?? '');
  }, 30_000);

  afterAll(async () => {
    await chromium?.[Symbol.asyncDispose]();
    await Promise.all(listeners.map((listener) => listener.close({ graceMs: 0 })));
    await page?.stop(true);
  });

  const run = async (options: PageOptions): Promise<PageReport> => {
    const gone = new Promise<void>((resolve) => left.push(resolve));
    const expression = `import('/page.js').then(({ run }) => run(${JSON.stringify(options)}))`;
    const report = await chromium.evaluate<PageReport>(page.url.href, expression);
    await gone;
    return report;
  };

  test.each<[string, () => PageOptions, boolean, boolean]>([
    ['Connect, binary', () => ({ baseUrl: plain, useGet: true }), false, false],
    ['Connect, JSON', () => ({ baseUrl: plain, format: 'json', useGet: true }), false, false],
    ['gRPC-Web, binary', () => ({ baseUrl: plain, protocol: 'grpc-web' }), false, false],
    ['gRPC-Web, text', () => ({ baseUrl: plain, protocol: 'grpc-web-text' }), false, false],
    ['Connect over HTTP/2', () => ({ baseUrl: secure }), true, false],
    ['gRPC-Web over HTTP/2', () => ({ baseUrl: secure, protocol: 'grpc-web' }), true, false],
    ['WebSocket', () => ({ url: socket }), true, true],
  ])('calls by %s', async (_name, options, streamsUp, streamsBothWays) => {
    const { sum, chat, ...report } = await run(options());
    const all = Array.from({ length: 300 }, (_, i) => i).join();
    expect(report).toMatchObject({
      unary: { text: 'hé 🙂', rawBytes: [0, 255], count: String(2n ** 60n), tags: ['a'] },
      large: 1_000_000,
      header: ['a, b', [1, 255]],
      trailer: ['a, b', [0, 255]],
      error: {
        code: 'failed_precondition',
        message: 'ü 100 %',
        details: [['zrpc.talk.Word', [10, 1, 120]]],
      },
      stream: all,
      brokenStream: { code: 'data_loss', message: 'the rest is gone' },
      deadline: { code: 'deadline_exceeded' },
      left: 5,
    });
    if (streamsUp) expect(sum).toBe('4950');
    else expect(sum).toMatchObject({ code: 'unavailable' });
    if (streamsBothWays) expect(chat).toEqual(['0', '2', '4']);
    else expect(chat).toMatchObject({ code: 'unimplemented' });
  });

  test('of an origin that is not allowed cannot call', async () => {
    const other = await servePage();
    try {
      const expression = `import('/page.js').then(({ run }) => run({ baseUrl: '${plain}' })).catch((error) => error.code)`;
      expect(await chromium.evaluate<string>(other.url.href, expression)).toBe('unavailable');
    } finally {
      await other.stop(true);
    }
  });
});

/** A page on a port of its own: an origin of its own. */
async function servePage(): Promise<ReturnType<typeof Bun.serve>> {
  const { outputs, logs, success } = await Bun.build({
    entrypoints: [join(import.meta.dir, 'page.ts')],
    target: 'browser',
  });
  const script = await outputs[0]?.text();
  expect({ success, logs }).toEqual({ success: true, logs: [] });
  expect(script).not.toMatch(/["']node:/);
  return Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    routes: {
      '/': new Response('<!doctype html><title>Calls</title>', {
        headers: { 'content-type': 'text/html' },
      }),
      '/page.js': new Response(script ?? '', { headers: { 'content-type': 'text/javascript' } }),
    },
  });
}
