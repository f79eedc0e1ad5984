/**
 * What a user of the published package does, on Node: a server and a client of a service, on two
 * transports. `scripts/test-rpc-node.sh` runs it beside the package as it is packed.
 */
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Listener, type Transport } from '@zeke/rpc';
import { connectHttp2, listenHttp2 } from '@zeke/rpc/http2';
import { addReflection, createHealth, reflect } from '@zeke/rpc/services';
import { connectUnix, listenUnix } from '@zeke/rpc/unix';

const server = createServer();
createHealth({ services: server.services }).addTo(server);
addReflection(server);
const { handler } = server;

const path = join(tmpdir(), `zrpc-consumer-${process.pid}.sock`);
await asks(await listenUnix({ path, handler }), connectUnix({ path }));

const listener = await listenHttp2({ host: '127.0.0.1', port: 0, handler });
await asks(listener, connectHttp2({ url: listener.address }));

process.stdout.write('the published package works\n');

async function asks(listener: Listener, transport: Transport): Promise<void> {
  const { services } = await reflect(transport);
  assert.ok(services.includes('grpc.health.v1.Health'), String(services));
  await transport.close();
  await listener.close();
}
