import { createServer } from 'node:http2';
import { createFileRegistry, type DescService, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import { connectNodeAdapter, createGrpcTransport } from '@connectrpc/connect-node';
import { Echo } from '../gen/echo_pb.ts';
import { type BenchmarkClient, type Peer, payloadOf } from './peer.ts';

type Payload = ReturnType<typeof payloadOf>;

/** connect-node as a gRPC server and client over HTTP/2 without TLS. */
export const connectNode: Peer = { serve, connect };

async function serve(address: string): Promise<void> {
  const handlers = {
    unary: (payload: Payload) => payload,
    async *download({ count, size }: { count: number; size: number }) {
      const payload = payloadOf(size);
      for (let i = 0; i < count; i++) yield payload;
    },
  };
  const adapter = connectNodeAdapter({
    routes: (router) => {
      router.service(echoService(), handlers as never);
    },
  });
  const server = createServer(adapter);
  const [host, port] = address.split(':');
  await new Promise<void>((resolve) => {
    server.listen(Number(port), host, resolve);
  });
}

async function connect(address: string): Promise<BenchmarkClient> {
  const transport = createGrpcTransport({ baseUrl: `http://${address}` });
  const client = createClient(echoService(), transport) as unknown as {
    unary(payload: Payload): Promise<Payload>;
    download(request: { count: number; size: number }): AsyncIterable<Payload>;
  };
  const messages = new Map<number, Payload>();
  return {
    async unary(bytes) {
      const message = messages.get(bytes) ?? payloadOf(bytes);
      messages.set(bytes, message);
      await client.unary(message);
    },
    async download(count, size) {
      let bytes = 0;
      for await (const { body } of client.download({ count, size })) bytes += body.length;
      return bytes;
    },
    async close() {},
  };
}

function echoService(): DescService {
  const set = fromBinary(FileDescriptorSetSchema, Echo.descriptorSet?.() ?? new Uint8Array());
  const service = createFileRegistry(set).getService(Echo.typeName);
  if (service === undefined) throw new Error(`${Echo.typeName} has no descriptor`);
  return service;
}
