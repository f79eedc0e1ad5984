import {
  Metadata as JsMetadata,
  type Server as JsServer,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServiceDefinition,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import {
  codes,
  decodeMessage,
  encodeMessage,
  Metadata,
  type MetadataInit,
  type MethodInfo,
  RpcError,
} from '@zeke/rpc';
import { TestService } from '../../gen/grpc/testing/test_pb.ts';
import { testHandlers } from '../../service/test-service.ts';
import type { Handler, HandlerContext } from './handlers.ts';

/** Serves what our test server serves, by grpc-js, with our codec. @returns the port. */
export async function serveGrpcJs(
  identity: { certificate: Buffer; key: Buffer } | undefined,
): Promise<number> {
  const server: JsServer = new Server();
  const definition: Record<string, unknown> = {};
  const implementation: Record<string, AnyImplementation> = {};
  for (const [name, method] of Object.entries(TestService.methods)) {
    const handler = (testHandlers as Record<string, Handler | undefined>)[name];
    if (handler === undefined) continue;
    definition[name] = definitionOf(method);
    implementation[name] = implementationOf(method, handler);
  }
  server.addService(
    definition as ServiceDefinition,
    implementation as unknown as UntypedServiceImplementation,
  );
  const security =
    identity === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(null, [
          { cert_chain: identity.certificate, private_key: identity.key },
        ]);
  return await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', security, (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}

function definitionOf({ path, kind, input, output }: MethodInfo): ServiceDefinition[string] {
  return {
    path,
    requestStream: kind === 'client-stream' || kind === 'bidi-stream',
    responseStream: kind === 'server-stream' || kind === 'bidi-stream',
    requestSerialize: (message: object) => Buffer.from(encodeMessage(input, message)),
    requestDeserialize: (bytes: Buffer) => decodeMessage(input, bytes),
    responseSerialize: (message: object) => Buffer.from(encodeMessage(output, message)),
    responseDeserialize: (bytes: Buffer) => decodeMessage(output, bytes),
  };
}

type JsCall = ServerDuplexStream<object, object> & { readonly request: object };

/** The types of grpc-js differ from kind to kind of method. */
type AnyImplementation = (call: never, answer: never) => Promise<void>;

function implementationOf({ kind }: MethodInfo, handler: Handler): AnyImplementation {
  // To read a duplex stream to its end must not end the direction of the answers.
  const requestOf = (call: JsCall): unknown =>
    kind === 'client-stream' || kind === 'bidi-stream'
      ? call.iterator({ destroyOnReturn: false })
      : call.request;
  if (kind === 'unary' || kind === 'client-stream') {
    return async (call: JsCall, answer: sendUnaryData<object>) => {
      const context = contextOf(call);
      try {
        const response = (await handler(requestOf(call), context)) as object;
        answer(null, response, toJs(context.trailer));
      } catch (error) {
        answer({ ...statusOf(error), metadata: toJs(context.trailer) });
      }
    };
  }
  return async (call: JsCall) => {
    const context = contextOf(call);
    try {
      const responses = handler(requestOf(call), context) as AsyncIterable<object>;
      for await (const response of responses) call.write(response);
      call.end(toJs(context.trailer));
    } catch (error) {
      call.emit('error', { ...statusOf(error), metadata: toJs(context.trailer) });
    }
  };
}

function contextOf(call: JsCall): HandlerContext {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(call.metadata.getMap()))
    metadata.appendReceived(name, value);
  const abort = new AbortController();
  call.on('cancelled', () => abort.abort());
  return {
    metadata,
    trailer: new Metadata(),
    signal: abort.signal,
    compress: undefined,
    sendHeader: (init: MetadataInit) => call.sendMetadata(toJs(Metadata.from(init))),
  };
}

function statusOf(error: unknown): { code: number; details: string } {
  const { code, message } = RpcError.from(error);
  return { code: codes.indexOf(code) + 1, details: message };
}

function toJs(metadata: Metadata): JsMetadata {
  const theirs = new JsMetadata();
  for (const [name, value] of metadata) {
    theirs.add(name, typeof value === 'string' ? value : Buffer.from(value));
  }
  return theirs;
}
