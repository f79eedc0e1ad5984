import { createServer as createHttp1Server } from 'node:http';
import { createServer as createHttp2Server, createSecureServer } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import {
  type Code,
  ConnectError,
  decodeBinaryHeader,
  type HandlerContext as EsContext,
  encodeBinaryHeader,
  type ServiceImpl,
} from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { codes, Metadata, RpcError } from '@zeke/rpc';
import { TestService } from '../../gen/grpc/testing/test_pb.ts';
import { testHandlers } from '../../service/test-service.ts';
import type { Handler, HandlerContext } from './handlers.ts';
import { serviceNamed } from './schema.ts';

/**
 * Serves what our test server serves, by connect-es: gRPC, gRPC-Web and Connect at one port, over
 * HTTP/1.1, over HTTP/2, or both with TLS. @returns the port.
 */
export async function serveConnect(
  version: '1.1' | '2',
  identity: { certificate: Buffer; key: Buffer } | undefined,
): Promise<number> {
  const service = serviceNamed('TestService');
  const handler = connectNodeAdapter({
    routes: (router) => router.service(service, implementation() as ServiceImpl<typeof service>),
  });
  let server: Server;
  if (identity !== undefined) {
    const { certificate: cert, key } = identity;
    server = createSecureServer({ cert, key, allowHTTP1: true }, handler);
  } else server = version === '2' ? createHttp2Server(handler) : createHttp1Server(handler);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

function implementation(): Record<string, unknown> {
  const methods: Record<string, unknown> = {};
  for (const [name, { kind }] of Object.entries(TestService.methods)) {
    const handler = (testHandlers as Record<string, Handler | undefined>)[name];
    if (handler === undefined) continue;
    const isStream = kind === 'server-stream' || kind === 'bidi-stream';
    methods[name] = isStream ? streaming(handler) : single(handler);
  }
  return methods;
}

function single(handler: Handler): unknown {
  return async (request: unknown, es: EsContext) => {
    const context = contextOf(es);
    try {
      return await handler(request, context);
    } catch (error) {
      rethrow(error);
    } finally {
      copy(context.trailer, es.responseTrailer);
    }
  };
}

function streaming(handler: Handler): unknown {
  return async function* stream(request: unknown, es: EsContext) {
    const context = contextOf(es);
    try {
      yield* handler(request, context) as AsyncIterable<object>;
    } catch (error) {
      rethrow(error);
    } finally {
      copy(context.trailer, es.responseTrailer);
    }
  };
}

function contextOf({ requestHeader, responseHeader, signal }: EsContext): HandlerContext {
  const metadata = new Metadata();
  requestHeader.forEach((value, name) => {
    metadata.appendReceived(name, name.endsWith('-bin') ? decodeBinaryHeader(value) : value);
  });
  return {
    metadata,
    trailer: new Metadata(),
    signal,
    compress: undefined,
    sendHeader: (init) => copy(Metadata.from(init), responseHeader),
  };
}

function copy(from: Metadata, to: Headers): void {
  for (const [name, value] of from) {
    to.append(name, typeof value === 'string' ? value : encodeBinaryHeader(value));
  }
}

function rethrow(error: unknown): never {
  const { code, message } = RpcError.from(error);
  throw new ConnectError(message, (codes.indexOf(code) + 1) as Code);
}
