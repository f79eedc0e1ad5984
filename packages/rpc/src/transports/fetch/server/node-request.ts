import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { FetchServer } from './fetch-server.ts';
import type { NodePeers } from './node-peers.ts';

/** Answers a request of Node's. It never rejects. */
export async function answerNode(
  calls: FetchServer,
  peers: NodePeers,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  // Whoever answers is told by `close`.
  response.on('error', () => {});
  try {
    const peer = peers.of(request);
    await write(await calls.handle(toRequest(request, gone.signal), peer), response);
  } catch {
    // The URL of the request is none, or the client is gone.
    if (response.headersSent) response.destroy();
    else response.writeHead(400).end();
  }
}

function toRequest(request: IncomingMessage, signal: AbortSignal): Request {
  const { method = 'GET', rawHeaders } = request;
  const headers = new Headers();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    // HTTP/2's own fields begin with a colon.
    if (!name.startsWith(':')) headers.append(name, rawHeaders[i + 1] as string);
  }
  // Only the path of the URL is read.
  const { href } = new URL(request.url ?? '/', 'http://host');
  const hasNoBody = method === 'GET' || method === 'HEAD' || headers.get('content-length') === '0';
  if (hasNoBody) return new Request(href, { method, headers, signal });
  const body = Readable.toWeb(request) as ReadableStream<Uint8Array>;
  return new Request(href, { method, headers, signal, body, duplex: 'half' } as RequestInit);
}

async function write(from: Response, to: ServerResponse): Promise<void> {
  to.writeHead(from.status, Object.fromEntries(from.headers));
  if (from.body === null) {
    to.end();
    return;
  }
  const reader = from.body.getReader();
  let wake: (() => void) | undefined;
  to.on('drain', () => wake?.());
  to.once('close', () => {
    // Whoever answers the call is told by this, and has nothing to add.
    reader.cancel().catch(() => {});
    wake?.();
  });
  to.flushHeaders();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (to.write(value) || to.destroyed) continue;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  to.end();
}
