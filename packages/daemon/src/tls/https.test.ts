import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { createLogger } from '@zeke/foundation';
import { type HttpServer, type HttpServerOptions, serveHttp } from '../http-server.ts';
import {
  localNames,
  type TestAuthority,
  type TestIdentity,
  testAuthority,
} from '../testing/test-authority.ts';
import type { TlsMaterial } from './read-tls.ts';

let authority: TestAuthority;
let first: TestIdentity;
let second: TestIdentity;

beforeAll(async () => {
  authority = await testAuthority();
  const names = { names: localNames };
  first = await authority.issue({ subject: 'CN=first', ...names });
  second = await authority.issue({ subject: 'CN=second', ...names });
});

const log = createLogger({ level: 'silent' });

async function serve(
  handle: HttpServerOptions['handle'],
  material: Partial<TlsMaterial> = {},
): Promise<HttpServer & AsyncDisposable> {
  const server = await serveHttp({
    host: '127.0.0.1',
    port: 0,
    maxHeaderBytes: 65_536,
    home: () => new Response('home'),
    handle,
    tls: { material: { ...first, clientAuth: 'none', minVersion: '1.2', ...material }, log },
  });
  return { ...server, [Symbol.asyncDispose]: async () => void (await server.stop(0)) };
}

function ask(server: HttpServer, init: RequestInit & { tls?: object } = {}): Promise<Response> {
  return fetch(`${server.url}/x`, { ...init, tls: { ca: authority.cert, ...init.tls } });
}

/** A TLS connection by hand, once its handshake is over. */
async function dial(server: HttpServer, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({
    host: '127.0.0.1',
    port: server.port,
    servername: 'localhost',
    ca: authority.cert,
    ...options,
  });
  await once(socket, 'secureConnect');
  return socket;
}

function nameOf(socket: TLSSocket): unknown {
  return socket.getPeerCertificate().subject.CN;
}

async function getOver(socket: TLSSocket): Promise<string> {
  socket.write('GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const [bytes] = await once(socket, 'data');
  return String(bytes);
}

/** What is read until the server closes; an error ends it as well. */
async function rest(socket: TLSSocket): Promise<string> {
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes;
  });
  const closed = Promise.withResolvers<void>();
  socket.on('error', () => closed.resolve());
  socket.on('close', () => closed.resolve());
  await closed.promise;
  return text;
}

describe('HTTPS', () => {
  test('has the address it says, with home, path, method and the address of the client', async () => {
    await using server = await serve(
      async (request, peer) =>
        new Response(`${request.method} ${peer(request)} ${await request.text()}`),
    );
    expect(server.url).toBe(`https://127.0.0.1:${server.port}`);
    const posted = await ask(server, { method: 'POST', body: 'body' });
    expect(await posted.text()).toBe('POST 127.0.0.1 body');
    const home = await fetch(server.url, { tls: { ca: authority.cert } });
    expect(await home.text()).toBe('home');
  });

  test('speaks HTTP/2, several requests at a time', async () => {
    await using server = await serve(
      async (request, peer) => new Response(`${new URL(request.url).pathname} ${peer(request)}`),
    );
    const session = connectHttp2(server.url, { ca: authority.cert });
    const get = async (path: string) => {
      const stream = session.request({ ':path': path });
      let text = '';
      stream.setEncoding('utf8');
      stream.on('data', (part) => {
        text += part;
      });
      await once(stream, 'end');
      return text;
    };
    expect(await Promise.all(['/a', '/b', '/c'].map(get))).toEqual([
      '/a 127.0.0.1',
      '/b 127.0.0.1',
      '/c 127.0.0.1',
    ]);
    expect(session.alpnProtocol).toBe('h2');
    session.destroy();
  });

  test('large bodies come through whole, both ways', async () => {
    await using server = await serve(async (request) => new Response(await request.bytes()));
    const body = new Uint8Array(9_000_000);
    for (let at = 0; at < body.length; at += 997) body[at] = at % 251;
    const answer = await (await ask(server, { method: 'POST', body })).bytes();
    expect(Bun.hash(answer)).toBe(Bun.hash(body));
  });

  test('the handler is told of a client that leaves', async () => {
    const begun = Promise.withResolvers<AbortSignal>();
    await using server = await serve((request) => {
      begun.resolve(request.signal);
      return new Promise<Response>(() => {});
    });
    const socket = await dial(server);
    socket.write('GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const signal = await begun.promise;
    socket.destroy();
    if (!signal.aborted) await once(signal, 'abort');
    expect(signal.aborted).toBe(true);
  });

  test('an answer may end the connection', async () => {
    await using server = await serve(() => new Response('no', { status: 413 }));
    const socket = await dial(server);
    socket.write('GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(await rest(socket)).toStartWith('HTTP/1.1 413');
  });

  test('speaks no older version than it was told', async () => {
    await using server = await serve(() => new Response('ok'), { minVersion: '1.3' });
    const old = dial(server, { maxVersion: 'TLSv1.2' });
    expect(
      await old.then(
        () => 'spoken',
        () => 'refused',
      ),
    ).toBe('refused');
    expect((await dial(server)).getProtocol()).toBe('TLSv1.3');
  });

  test('a port that is taken', async () => {
    await using server = await serve(() => new Response('ok'));
    const other = serveHttp({
      host: '127.0.0.1',
      port: server.port,
      maxHeaderBytes: 65_536,
      home: () => new Response(),
      handle: () => new Response(),
      tls: { material: { ...first, clientAuth: 'none', minVersion: '1.2' }, log },
    });
    await expect(other).rejects.toMatchObject({
      code: 'failed_precondition',
      message: expect.stringContaining('another program listens there already'),
    });
  });
});

describe('stop', () => {
  test('waits for a running answer, and ends connections that are idle', async () => {
    const gate = Promise.withResolvers<Response>();
    const begun = Promise.withResolvers<void>();
    const server = await serve((request) => {
      if (request.method === 'GET') return new Response('ok');
      begun.resolve();
      return gate.promise;
    });
    const idle = await dial(server);
    await getOver(idle);
    const running = ask(server, { method: 'POST', body: 'x' });
    await begun.promise;
    const ended = rest(idle);
    const stopped = server.stop(10_000);
    await ended;
    gate.resolve(new Response('whole'));
    expect(await (await running).text()).toBe('whole');
    expect(await stopped).toBe(0);
    const late = ask(server).then(
      () => 'answered',
      () => 'refused',
    );
    expect(await late).toBe('refused');
  });

  test('cuts what does not end in time', async () => {
    const begun = Promise.withResolvers<void>();
    const server = await serve(() => {
      begun.resolve();
      return new Promise<Response>(() => {});
    });
    const running = ask(server).then(
      () => 'answered',
      () => 'cut',
    );
    await begun.promise;
    expect(await server.stop(10)).toBe(1);
    expect(await running).toBe('cut');
  });
});

describe('another certificate', () => {
  test('is seen by new connections; kept ones and their streams go on', async () => {
    const parts = Promise.withResolvers<ReadableStreamDefaultController<string>>();
    await using server = await serve((request) =>
      request.method === 'GET'
        ? new Response('ok')
        : new Response(
            new ReadableStream({
              start(controller) {
                controller.enqueue('begun, ');
                parts.resolve(controller);
              },
            }),
          ),
    );
    const kept = await dial(server);
    expect(nameOf(kept)).toBe('first');
    const streaming = await ask(server, { method: 'POST', body: 'x' });
    const controller = await parts.promise;
    server.useTls({ ...second, clientAuth: 'none', minVersion: '1.2' });
    expect(nameOf(await dial(server))).toBe('second');
    expect(await getOver(kept)).toStartWith('HTTP/1.1 200');
    controller.enqueue('the end');
    controller.close();
    expect(await streaming.text()).toBe('begun, the end');
  });

  test('no connection fails while it changes, time and again', async () => {
    await using server = await serve(() => new Response('ok'));
    const both = [first, second];
    const answers: Promise<string>[] = [];
    for (let round = 0; round < 40; round += 1) {
      answers.push(
        ask(server, { keepalive: false }).then((response) => response.text()),
        ask(server).then((response) => response.text()),
      );
      server.useTls({ ...(both[round % 2] ?? first), clientAuth: 'none', minVersion: '1.2' });
      if (round % 8 === 0) await answers.at(-1);
    }
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['ok']));
  });
});

describe('certificates of clients', () => {
  let stranger: TestAuthority;
  let ci: TestIdentity;
  let refused: Record<string, TestIdentity>;
  let crl: string;

  beforeAll(async () => {
    stranger = await testAuthority();
    ci = await authority.issue({
      subject: 'CN=ci,O=Corp',
      names: [
        { type: 'url', value: 'spiffe://corp/ci' },
        { type: 'dns', value: 'ci.corp' },
      ],
    });
    crl = await authority.revoke(['0badc0de']);
    refused = {
      expired: await authority.issue({ subject: 'CN=ci,O=Corp', endsInDays: -1 }),
      revoked: await authority.issue({ subject: 'CN=ci,O=Corp', serial: '0badc0de' }),
      // The same names all along, signed by somebody else.
      forged: await stranger.issue({ subject: 'CN=ci,O=Corp' }),
    };
  });

  const whose: HttpServerOptions['handle'] = (request, _peer, certificate) =>
    Response.json(certificate?.(request) ?? 'nobody');

  function asking(server: HttpServer, identity?: TestIdentity): Promise<unknown> {
    // A connection of its own for each, so that none goes by another's certificate.
    return ask(server, { keepalive: false, ...(identity ? { tls: identity } : {}) }).then(
      (response) => response.json(),
      () => 'refused',
    );
  }

  test.each(['optional', 'required'] as const)('%s: a good one is told', async (clientAuth) => {
    await using server = await serve(whose, { ca: authority.cert, crl, clientAuth });
    expect(await asking(server, ci)).toEqual({
      subject: ['CN=ci', 'O=Corp'],
      alternativeNames: ['URI:spiffe://corp/ci', 'DNS:ci.corp'],
      fingerprint: expect.stringMatching(/^[\da-f]{64}$/),
      expiresAtMs: expect.any(Number),
    });
  });

  test.each(['optional', 'required'] as const)(
    '%s: one that is over, revoked or forged is refused',
    async (clientAuth) => {
      await using server = await serve(whose, { ca: authority.cert, crl, clientAuth });
      const answers = Object.entries(refused).map(async ([name, identity]) => [
        name,
        await asking(server, identity),
      ]);
      expect(await Promise.all(answers)).toEqual([
        ['expired', 'refused'],
        ['revoked', 'refused'],
        ['forged', 'refused'],
      ]);
    },
  );

  test('none at all is refused where one is required, and nobody where it is optional', async () => {
    await using strict = await serve(whose, { ca: authority.cert, clientAuth: 'required' });
    await using lenient = await serve(whose, { ca: authority.cert, clientAuth: 'optional' });
    expect(await asking(strict)).toBe('refused');
    expect(await asking(lenient)).toBe('nobody');
  });

  test('where nobody is asked for one, it is not looked at', async () => {
    await using server = await serve(whose);
    expect(await asking(server, ci)).toBe('nobody');
  });

  test('each connection has its own, over HTTP/2 and HTTP/1.1', async () => {
    const other = await authority.issue({ subject: 'CN=other' });
    await using server = await serve(whose, { ca: authority.cert, clientAuth: 'required' });
    const [one, two] = await Promise.all([dial(server, ci), dial(server, other)]);
    const [seenByOne, seenByTwo] = await Promise.all([getOver(one), getOver(two)]);
    expect(seenByOne).toContain('"CN=ci"');
    expect(seenByTwo).toContain('"CN=other"');
    const session = connectHttp2(server.url, { ca: authority.cert, ...other });
    const stream = session.request({ ':path': '/x' });
    const [bytes] = await once(stream, 'data');
    expect(String(bytes)).toContain('"CN=other"');
    session.destroy();
  });
});

afterAll(() => log.flush());
