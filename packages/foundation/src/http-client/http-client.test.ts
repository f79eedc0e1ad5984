import { describe, expect, test } from 'bun:test';
import { type HttpAnswer, readAll } from './http-answer.ts';
import { HttpClient, type HttpClientOptions } from './http-client.ts';
import { goodAnswers, malformedAnswers } from './testing/answers.ts';
import { plainAnswer, scriptedServer } from './testing/scripted-server.ts';

function client(options: Partial<HttpClientOptions> = {}): HttpClient {
  return new HttpClient({ fetch, environment: {}, ...options });
}

const post = (url: string, more: { signal?: AbortSignal; body?: string | Uint8Array } = {}) => ({
  url,
  method: 'POST',
  headers: { 'content-type': 'text/plain' },
  body: 'asked',
  ...more,
});
const get = (url: string) => ({ url, method: 'GET', headers: {} });

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function textOf(answer: HttpAnswer): Promise<string> {
  const bytes = await readAll(answer, 100_000_000, () => new Error('too much'));
  return Buffer.from(bytes).toString('latin1');
}

async function codeOf(asked: Promise<unknown>): Promise<unknown> {
  return asked.then(
    () => 'none',
    (reason: { code?: unknown }) => reason.code ?? reason,
  );
}

describe('what is sent', () => {
  test('is one head, and the body as it was given', async () => {
    await using server = await scriptedServer((socket) => socket.write(plainAnswer('ok')));
    using http = client();
    const answer = await http.send(post(`${server.url}/a b?x=1#y`, { body: 'é' }));
    expect(await textOf(answer)).toBe('ok');
    const [request] = server.requests;
    expect(request?.head.split('\r\n')).toEqual([
      'POST /a%20b?x=1 HTTP/1.1',
      'content-type: text/plain',
      `host: 127.0.0.1:${server.port}`,
      'user-agent: zeke',
      'accept: */*',
      'content-length: 2',
    ]);
    expect(request?.body).toBe('\xc3\xa9');
  });

  test('may be large, as text and as bytes', async () => {
    await using server = await scriptedServer((socket, { body }) =>
      socket.write(plainAnswer(String(body.length))),
    );
    using http = client();
    const bytes = new Uint8Array(3_000_000).fill(120);
    expect(await textOf(await http.send(post(server.url, { body: bytes })))).toBe('3000000');
    expect(await textOf(await http.send(post(server.url, { body: 'é'.repeat(700_000) })))).toBe(
      '1400000',
    );
    expect(server.opened).toBe(1);
  });

  test('never holds a header that would be two, or one that is not the sender to say', async () => {
    await using server = await scriptedServer((socket) => socket.write(plainAnswer('ok')));
    using http = client();
    const all: Record<string, string>[] = [
      { a: 'b\r\nc: d' },
      { a: 'b\0' },
      { 'a: b\r\nc': 'd' },
      { '': 'x' },
      { a: 'é' },
      { 'Content-Length': '3' },
      { 'transfer-encoding': 'chunked' },
    ];
    for (const headers of all) {
      expect(await codeOf(http.send({ ...post(server.url), headers }))).toBe('HTTP_BAD_REQUEST');
    }
    for (const url of ['ftp://127.0.0.1/', 'no url', 'http://a:b@127.0.0.1/']) {
      expect(await codeOf(http.send(get(url)))).toBe('HTTP_BAD_REQUEST');
    }
    expect(server.opened).toBe(0);
  });
});

describe('what is answered', () => {
  test('is what fetch reads, where the answer is good', async () => {
    let text = '';
    await using server = await scriptedServer((socket) => socket.end(text, 'latin1'));
    using http = client();
    for (const answer of goodAnswers.filter(({ fetchRefuses }) => !fetchRefuses)) {
      text = answer.text;
      const ours = await http.send({ ...get(server.url), method: answer.method });
      const theirs = await fetch(server.url, { method: answer.method, keepalive: false });
      expect([answer.name, ours.status]).toEqual([answer.name, theirs.status]);
      expect(await textOf(ours)).toBe(Buffer.from(await theirs.bytes()).toString('latin1'));
      const headers: Record<string, string> = {};
      ours.headers.forEach((value, name) => {
        headers[name] = value;
      });
      for (const [name, value] of Object.entries(headers)) {
        expect([name, value]).toEqual([name, theirs.headers.get(name) ?? '']);
      }
    }
  });

  test('is refused where it is not, and its connection closed', async () => {
    let text = '';
    await using server = await scriptedServer((socket) => socket.write(text, 'latin1'));
    using http = client();
    for (const answer of malformedAnswers) {
      text = answer.text;
      const asked = http.send(post(server.url)).then(textOf);
      expect([answer.name, await codeOf(asked)]).toEqual([answer.name, 'HTTP_BAD_ANSWER']);
      expect(http.openConnections).toBe(0);
    }
    await server.allClosed();
  });

  test('never holds bytes of the answer before it', async () => {
    const smuggled = plainAnswer('smuggled');
    await using server = await scriptedServer((socket, { number }) =>
      socket.write(number === 0 ? plainAnswer('first') + smuggled : plainAnswer('late')),
    );
    using http = client();
    for (let i = 0; i < 3; i++) {
      expect(await textOf(await http.send(post(server.url)))).toBe('first');
    }
    expect(server.opened).toBe(3);
  });

  test('is cut: by an end before its length or its last chunk, but not before the head ends', async () => {
    let text = '';
    await using server = await scriptedServer((socket) => socket.end(text));
    using http = client();
    for (const cut of [
      'content-length: 5\r\n\r\nabc',
      'transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n',
    ]) {
      text = `HTTP/1.1 200 OK\r\n${cut}`;
      const answer = await http.send(post(server.url));
      expect(Buffer.from((await answer.read()) ?? []).toString()).toBe('abc');
      expect(await codeOf((async () => answer.read())())).toBe('HTTP_CLOSED');
    }
    for (const start of ['', 'HTTP/1.1 200 OK\r\nconte']) {
      text = start;
      expect(await codeOf(http.send(post(server.url)))).toBe('HTTP_CLOSED');
    }
    expect(http.openConnections).toBe(0);
  });

  test('comes whole however slowly it is read', async () => {
    const body = Buffer.alloc(8_000_000, 'abcdefg');
    await using server = await scriptedServer((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`);
      socket.write(body);
    });
    using http = client();
    const answer = await http.send(get(server.url));
    const pieces: Uint8Array[] = [];
    for (;;) {
      await turn();
      const piece = await answer.read();
      if (!piece) break;
      pieces.push(piece);
    }
    expect(Buffer.concat(pieces).equals(body)).toBe(true);
  });
});

describe('connections', () => {
  test('are used again, the last one first, unless the server says otherwise', async () => {
    const says = ['', 'connection: close\r\n', '', 'Keep-Alive: timeout=1\r\n', ''];
    await using server = await scriptedServer((socket) =>
      socket.write(`HTTP/1.1 200 OK\r\n${says.shift()}content-length: 0\r\n\r\n`),
    );
    using http = client();
    for (let i = 0; i < 5; i++) await textOf(await http.send(post(server.url)));
    expect(server.requests.map(({ connection }) => connection)).toEqual([0, 0, 1, 1, 2]);
  });

  test('that closed while nothing used them are not used', async () => {
    await using server = await scriptedServer((socket) => socket.end(plainAnswer('ok')));
    using http = client();
    for (let i = 0; i < 3; i++) {
      expect(await textOf(await http.send(post(server.url)))).toBe('ok');
      await server.allClosed();
    }
    expect(server.opened).toBe(3);
  });

  test('that bring what nobody asked for are closed', async () => {
    await using server = await scriptedServer((socket) => {
      socket.write(plainAnswer('ok'), () => setImmediate(() => socket.write('HTTP/1.1 408 Late')));
    });
    using http = client();
    await textOf(await http.send(post(server.url)));
    await server.allClosed();
    expect(http.openConnections).toBe(0);
  });

  test('a used one that closes without a word: asked again where that does no harm', async () => {
    await using server = await scriptedServer((socket, { number }) => {
      if (number === 0) socket.write(plainAnswer('ok'));
      else socket.end();
    });
    using http = client();
    const first = async () => textOf(await http.send(get(server.url)));
    await first();
    expect(await textOf(await http.send(get(server.url)))).toBe('ok');
    await first();
    const keyed = { ...post(server.url), headers: { 'idempotency-key': '1' } };
    expect(await textOf(await http.send(keyed))).toBe('ok');
    await first();
    expect(await codeOf(http.send(post(server.url)))).toBe('HTTP_CLOSED');
  });

  test('no request goes out a third time, or again after a byte of its answer', async () => {
    const kept: string[] = [plainAnswer('ok'), 'HTTP/1.1 2'];
    await using server = await scriptedServer((socket) => {
      const text = kept.shift();
      if (text?.endsWith('ok')) socket.write(text);
      else socket.end(text ?? '');
    });
    using http = client();
    await textOf(await http.send(get(server.url)));
    expect(await codeOf(http.send(get(server.url)))).toBe('HTTP_CLOSED');
    kept.push(plainAnswer('ok'));
    await textOf(await http.send(get(server.url)));
    expect(await codeOf(http.send(get(server.url)))).toBe('HTTP_CLOSED');
    expect(server.requests.length).toBe(5);
  });

  test('an answer that does not wait for the body ends its connection', async () => {
    const server = Bun.listen<undefined>({
      hostname: '127.0.0.1',
      port: 0,
      socket: {
        open(socket) {
          socket.write(plainAnswer('no'));
          socket.pause();
        },
        data() {},
      },
    });
    using http = client();
    const answer = await http.send(
      post(`http://127.0.0.1:${server.port}`, { body: new Uint8Array(50_000_000) }),
    );
    expect(await textOf(answer)).toBe('no');
    expect(http.openConnections).toBe(0);
    server.stop(true);
  });

  test('no more to an origin than the limit; the rest waits, and no more than may', async () => {
    await using server = await scriptedServer((socket) =>
      setImmediate(() => socket.write(plainAnswer('ok'))),
    );
    using http = client({ maxPerOrigin: 2, maxWaiting: 8 });
    const asked = Array.from({ length: 8 }, () => http.send(post(server.url)).then(textOf));
    expect(await codeOf(http.send(post(server.url)))).toBe('HTTP_TOO_MANY');
    expect(await Promise.all(asked)).toEqual(Array(8).fill('ok'));
    expect(server.opened).toBe(2);
  });

  test('no more in all than the limit: unused ones make room, used ones do not', async () => {
    const answer = Promise.withResolvers<void>();
    await using first = await scriptedServer((socket, { number }) => {
      const say = () => socket.write(plainAnswer('first'));
      if (number === 0) say();
      else answer.promise.then(say);
    });
    await using second = await scriptedServer((socket) => socket.write(plainAnswer('second')));
    using http = client({ maxConnections: 1 });
    await textOf(await http.send(post(first.url)));
    expect(await textOf(await http.send(post(second.url)))).toBe('second');
    await first.allClosed();
    await textOf(await http.send(post(first.url)));
    const held = http.send(post(first.url)).then(textOf);
    expect(await codeOf(http.send(post(second.url)))).toBe('HTTP_TOO_MANY');
    answer.resolve();
    expect(await held).toBe('first');
  });

  test('a thousand requests at once, and every socket is closed at the end', async () => {
    await using server = await scriptedServer((socket, { body }) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      setImmediate(() => socket.write(`${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`));
    });
    const http = client();
    const asked = Array.from({ length: 1_000 }, (_, number) =>
      http.send(post(server.url, { body: `request ${number}` })).then(textOf),
    );
    const answers = await Promise.all(asked);
    expect(answers).toEqual(Array.from(answers, (_, number) => `request ${number}`));
    http[Symbol.dispose]();
    // Those that were on their way when there was nothing left to carry end as soon as they are there.
    while (http.openConnections > 0) await turn();
    await server.allClosed();
  });

  test('localhost is found in both families, and an IPv6 address as it is', async () => {
    using http = client();
    for (const host of ['127.0.0.1', '::1']) {
      await using server = await scriptedServer((socket) => socket.write(plainAnswer(host)), host);
      expect(await textOf(await http.send(get(`http://localhost:${server.port}`)))).toBe(host);
      expect(await textOf(await http.send(get(server.url)))).toBe(host);
    }
  });

  test('what the system says is passed on', async () => {
    using http = client();
    const { port } = await scriptedServer(() => {}).then(async (server) => {
      await server[Symbol.asyncDispose]();
      return server;
    });
    expect(await codeOf(http.send(get(`http://127.0.0.1:${port}`)))).toBe('ECONNREFUSED');
    expect(await codeOf(http.send(get('http://no.such.host.invalid')))).toBe('ENOTFOUND');
    await using resetting = await scriptedServer((socket) => socket.resetAndDestroy());
    expect(await codeOf(http.send(post(resetting.url)))).toBe('ECONNRESET');
    expect(http.openConnections).toBe(0);
  });
});

describe('an abort', () => {
  const reason = new Error('enough');

  test('before the request: nothing is opened', async () => {
    await using server = await scriptedServer(() => {});
    using http = client();
    expect(await codeOf(http.send(post(server.url, { signal: AbortSignal.abort(reason) })))).toBe(
      reason,
    );
    expect(server.opened).toBe(0);
  });

  test('while it waits for a connection: the others go on', async () => {
    const begun = Promise.withResolvers<() => void>();
    await using server = await scriptedServer((socket) =>
      begun.resolve(() => socket.write(plainAnswer('ok'))),
    );
    using http = client({ maxPerOrigin: 1 });
    const first = http.send(post(server.url)).then(textOf);
    const go = await begun.promise;
    const aborting = new AbortController();
    const second = http.send(post(server.url, { signal: aborting.signal }));
    aborting.abort(reason);
    expect(await codeOf(second)).toBe(reason);
    go();
    expect(await first).toBe('ok');
    expect(server.requests.length).toBe(1);
  });

  test('before the head, and in the middle of the body: the connection closes at once', async () => {
    const began = Promise.withResolvers<void>();
    let says = '';
    await using server = await scriptedServer((socket) => {
      socket.write(says);
      began.resolve();
    });
    using http = client();
    const early = new AbortController();
    const asked = http.send(post(server.url, { signal: early.signal }));
    await began.promise;
    early.abort(reason);
    expect(await codeOf(asked)).toBe(reason);
    await server.allClosed();
    says = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc';
    const late = new AbortController();
    const answer = await http.send(post(server.url, { signal: late.signal }));
    expect((await answer.read())?.length).toBe(3);
    const waiting = codeOf((async () => answer.read())());
    late.abort(reason);
    expect(await waiting).toBe(reason);
    expect(await codeOf((async () => answer.read())())).toBe(reason);
    await server.allClosed();
    expect(http.openConnections).toBe(0);
  });

  test('after the end changes nothing, and the connection is used again', async () => {
    await using server = await scriptedServer((socket) => socket.write(plainAnswer('ok')));
    using http = client();
    const aborting = new AbortController();
    const answer = await http.send(post(server.url, { signal: aborting.signal }));
    aborting.abort(reason);
    expect(await textOf(answer)).toBe('ok');
    await textOf(await http.send(post(server.url)));
    expect(server.opened).toBe(1);
  });

  test('cancel is one as well', async () => {
    await using server = await scriptedServer((socket) =>
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc'),
    );
    using http = client();
    const answer = await http.send(post(server.url));
    answer.cancel();
    await server.allClosed();
    expect(http.openConnections).toBe(0);
  });
});

test('a server that accepts and says nothing of TLS is waited for no longer than told', async () => {
  await using server = await scriptedServer(() => {});
  using http = client({ connectTimeoutMs: 20 });
  const url = `https://127.0.0.1:${server.port}`;
  expect(await codeOf(http.send(get(url)))).toBe('HTTP_CONNECT_TIMEOUT');
  await server.allClosed();
  expect(http.openConnections).toBe(0);
});

test('what the environment sends over a proxy goes by fetch', async () => {
  await using server = await scriptedServer((socket) => socket.write(plainAnswer('proxied')));
  const asked: string[] = [];
  const proxy = { HTTP_PROXY: 'http://127.0.0.1:9', NO_PROXY: '127.0.0.1' };
  const through = Object.assign(
    (input: string | URL | Request, init?: RequestInit) => {
      asked.push(String(input));
      return fetch(server.url, init);
    },
    { preconnect: () => {} },
  );
  using http = client({ environment: proxy, fetch: through as typeof fetch });
  expect(await textOf(await http.send(post('http://api.example.com/v1')))).toBe('proxied');
  expect(await textOf(await http.send(post(server.url)))).toBe('proxied');
  expect(asked).toEqual(['http://api.example.com/v1']);
});
