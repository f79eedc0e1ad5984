import assert from 'node:assert/strict';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { WebSocket as NodeWebSocket } from 'ws';
import { createClient } from '../core/client.ts';
import { createServer } from '../core/server.ts';
import { serveFetch } from '../transports/fetch/server/serve-fetch.ts';
import { listenWebSocket } from '../transports/websocket/server.ts';
import { connectWebSocket } from '../transports/websocket/websocket-client.ts';
import { Notes } from './note-service.ts';
import { testCertificates } from './test-certificates.ts';

/**
 * Registers tests for Node's runner: who a client is by its certificate, over what HTTP carries. Bun's
 * stand beside the transports.
 */
export function nodeCertificateTests(
  test: (name: string, run: () => Promise<void>) => unknown,
): void {
  const whoIs = createServer().add(Notes, {
    echo: (_note, { peer }) => ({ text: peer.certificate?.subject ?? 'nobody' }),
  });

  test('websocket: calls say whose certificate a client has', async () => {
    const { server, client } = await identities();
    const listener = await listenWebSocket({
      host: 'localhost',
      port: 0,
      tls: server,
      handler: whoIs.handler,
    });
    const transport = connectWebSocket({
      url: listener.address,
      create: (url, protocol) => new NodeWebSocket(url, protocol, client) as unknown as WebSocket,
    });
    assert.equal((await createClient(Notes, transport).echo({})).text, 'test-client');
    await transport.close();
    await listener.close({ graceMs: 0 });
  });

  test('fetch: calls say whose certificate a client has', async () => {
    const { server, client } = await identities();
    const methods = (path: string) => whoIs.method(path);
    const listener = await serveFetch({ handler: whoIs.handler, methods, tls: server });
    const reply = await new Promise<string>((resolve, reject) => {
      const url = `${listener.address}/zrpc.test.Notes/Echo`;
      const headers = { 'content-type': 'application/json' };
      request(url, { ...client, method: 'POST', headers }, (response) => {
        text(response).then(resolve, reject);
      })
        .on('error', reject)
        .end('{}');
    });
    assert.equal(JSON.parse(reply).text, 'test-client');
    await listener.close({ graceMs: 0 });
  });
}

async function identities() {
  const { authority: ca, server, client } = await testCertificates();
  return {
    server: { cert: server.certificate, key: server.key, ca },
    client: { cert: client.certificate, key: client.key, ca },
  };
}
