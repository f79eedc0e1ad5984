import { providerKey } from '../answers.ts';

/**
 * The least that a gateway on Bun can do: look the key up, parse the body, ask with `fetch`, hand
 * the answer on unread. Its arguments are its own port and the emulator's.
 */
const [port, emulatorPort] = process.argv.slice(2).map(Number);
const callers = new Map([[providerKey, 'somebody']]);

Bun.serve({
  hostname: '127.0.0.1',
  port: port ?? 0,
  idleTimeout: 0,
  fetch: async (request) => {
    const { headers, method, signal, url } = request;
    const key = headers.get('authorization')?.slice('Bearer '.length) ?? headers.get('x-api-key');
    if (!callers.has(key ?? '')) return new Response('', { status: 401 });
    const body = await request.text();
    JSON.parse(body);
    const answer = await fetch(`http://127.0.0.1:${emulatorPort}${new URL(url).pathname}`, {
      method,
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${key}`,
        'x-api-key': key ?? '',
      },
      body,
      signal,
    });
    const type = answer.headers.get('content-type') ?? '';
    return new Response(answer.body, {
      status: answer.status,
      headers: { 'content-type': type },
    });
  },
});
