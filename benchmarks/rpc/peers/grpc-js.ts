import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { type BenchmarkClient, type Peer, payloadOf } from './peer.ts';

type Payload = ReturnType<typeof payloadOf>;

/** grpc-js as its documentation shows it: proto-loader, insecure credentials. */
export const grpcJs: Peer = { serve, connect };

async function serve(address: string): Promise<void> {
  const server = new grpc.Server();
  server.addService(echoService(), {
    Unary: (call: grpc.ServerUnaryCall<Payload, Payload>, done: grpc.sendUnaryData<Payload>) =>
      done(null, call.request),
    Download: async (call: grpc.ServerWritableStream<{ count: number; size: number }, Payload>) => {
      const payload = payloadOf(call.request.size);
      for (let i = 0; i < call.request.count; i++) {
        if (!call.write(payload)) await new Promise((resolve) => call.once('drain', resolve));
      }
      call.end();
    },
  });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
}

async function connect(address: string): Promise<BenchmarkClient> {
  const Client = grpc.makeGenericClientConstructor(echoService(), 'Echo');
  const client = new Client(address, grpc.credentials.createInsecure());
  const messages = new Map<number, Payload>();
  return {
    unary(bytes) {
      const message = messages.get(bytes) ?? payloadOf(bytes);
      messages.set(bytes, message);
      return new Promise((resolve, reject) => {
        client.Unary?.(message, (error: Error | null) =>
          error === null ? resolve() : reject(error),
        );
      });
    },
    async download(count, size) {
      let bytes = 0;
      const stream: AsyncIterable<Payload> = client.Download?.({ count, size });
      for await (const { body } of stream) bytes += body.length;
      return bytes;
    },
    async close() {
      client.close();
    },
  };
}

function echoService(): grpc.ServiceDefinition {
  const definition = loadSync(join(import.meta.dirname, '../proto/echo.proto'));
  return definition['zrpc.benchmark.Echo'] as grpc.ServiceDefinition;
}
