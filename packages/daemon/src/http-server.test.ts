import { describe, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { type HttpServer, type HttpServerOptions, serveHttp } from './http-server.ts';

async function serve(
  handle: HttpServerOptions['handle'],
  options: Partial<HttpServerOptions> = {},
): Promise<HttpServer & AsyncDisposable> {
  const server = await serveHttp({
    host: '127.0.0.1',
    port: 0,
    maxHeaderBytes: 65_536,
    home: () => new Response('home'),
    handle,
    ...options,
  });
  return { ...server, [Symbol.asyncDispose]: async () => void (await server.stop(0)) };
}

/** Sends bytes as they are and gives all that comes back until the server closes. */
function raw(server: HttpServer, text: string): Promise<string> {
  const answer = Promise.withResolvers<string>();
  let got = '';
  const socket = connect(server.port, '127.0.0.1', () => socket.write(text));
  socket.on('data', (bytes) => {
    got += bytes.toString();
  });
  socket.on('error', answer.reject);
  socket.on('close', () => answer.resolve(got));
  return answer.promise;
}

describe('requests', () => {
  test('the home page has its own handler, for GET only', async () => {
    await using server = await serve((request) => new Response(`${request.method} handled`));
    expect(await (await fetch(server.url)).text()).toBe('home');
    expect(await (await fetch(server.url, { method: 'POST' })).text()).toBe('POST handled');
    expect(await (await fetch(`${server.url}/x`)).text()).toBe('GET handled');
  });

  test('the handler can ask where a request is from', async () => {
    await using server = await serve((request, peer) => new Response(peer(request) ?? 'nowhere'));
    expect(await (await fetch(`${server.url}/x`)).text()).toBe('127.0.0.1');
  });

  test('a flood of headers is refused, headers within the limit are not', async () => {
    await using server = await serve(() => new Response('ok'), { maxHeaderBytes: 32_768 });
    const headers = (bytes: number) =>
      `GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: ${'a'.repeat(bytes)}\r\n\r\n`;
    expect(await raw(server, headers(30_000))).toStartWith('HTTP/1.1 200 ');
    expect(await raw(server, headers(40_000))).toStartWith('HTTP/1.1 431 ');
  });

  test.each([408, 413])(
    'after a %d, what is left of the body does not keep the connection',
    async (status) => {
      await using server = await serve(() => new Response('no', { status }));
      const answer = await raw(
        server,
        'POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc',
      );
      expect(answer).toStartWith(`HTTP/1.1 ${status} `);
    },
  );
});

describe('stop', () => {
  test('waits for a running answer, and takes no new one', async () => {
    const gate = Promise.withResolvers<Response>();
    const begun = Promise.withResolvers<void>();
    const server = await serve(() => {
      begun.resolve();
      return gate.promise;
    });
    const running = fetch(`${server.url}/x`);
    await begun.promise;
    const stopped = server.stop(10_000);
    gate.resolve(new Response('whole'));
    expect(await (await running).text()).toBe('whole');
    expect(await stopped).toBe(0);
    const late = await fetch(`${server.url}/x`).then(
      () => 'answered',
      () => 'refused',
    );
    expect(late).toBe('refused');
  });

  test('cuts what does not end in time, and says how many that were', async () => {
    const begun = Promise.withResolvers<void>();
    const server = await serve(() => {
      begun.resolve();
      return new Promise<Response>(() => {});
    });
    const running = fetch(`${server.url}/x`).then(
      () => 'answered',
      () => 'cut',
    );
    await begun.promise;
    expect(await server.stop(10)).toBe(1);
    expect(await running).toBe('cut');
  });
});

test('what does not end in time is told to end before it is cut', async () => {
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<Response>();
  const server = await serve(
    () => {
      begun.resolve();
      return gate.promise;
    },
    { cutShort: () => gate.resolve(new Response('the end')) },
  );
  const running = fetch(`${server.url}/x`);
  await begun.promise;
  expect(await server.stop(10)).toBe(1);
  expect(await (await running).text()).toBe('the end');
});

describe('an address that cannot be had', () => {
  test('a port that is taken', async () => {
    await using server = await serve(() => new Response('ok'));
    const second = serve(() => new Response('ok'), { port: server.port });
    await expect(second).rejects.toMatchObject({
      code: 'failed_precondition',
      message: expect.stringContaining(
        `127.0.0.1:${server.port}: another program listens there already`,
      ),
    });
  });

  test('an address of another machine', async () => {
    const server = serve(() => new Response('ok'), { host: '192.0.2.1' });
    await expect(server).rejects.toMatchObject({
      code: 'failed_precondition',
      message: expect.stringContaining('--host'),
    });
  });
});
