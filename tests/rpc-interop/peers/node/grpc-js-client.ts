import {
  Client,
  type ClientReadableStream,
  credentials,
  type CallOptions as JsCallOptions,
  Metadata as JsMetadata,
  type ServiceError,
  type StatusObject,
} from '@grpc/grpc-js';
import {
  type CallOptions,
  codes,
  decodeMessage,
  encodeMessage,
  Metadata,
  type MethodInfo,
  RpcError,
  type ServiceType,
} from '@zeke/rpc';
import type { Caller } from '../../cases/run-case.ts';
import { TestService, UnimplementedService } from '../../gen/grpc/testing/test_pb.ts';

/** grpc-js behind the interfaces of our generated clients, with our codec. */
export function grpcJsCaller(
  target: string,
  authority: Buffer | undefined,
): Caller & { close(): void } {
  const security =
    authority === undefined ? credentials.createInsecure() : credentials.createSsl(authority);
  const plain = new Client(target, security);
  const gzip = new Client(target, security, { 'grpc.default_compression_algorithm': 2 });
  return {
    client: clientOf(TestService, plain, gzip),
    stranger: clientOf(UnimplementedService, plain, gzip),
    close() {
      plain.close();
      gzip.close();
    },
  };
}

function clientOf<Interface>(
  service: ServiceType<Interface>,
  plain: Client,
  gzip: Client,
): Interface {
  const methods = Object.entries(service.methods).map(([name, method]) => [
    name,
    (request: unknown, options: CallOptions = {}) =>
      call(options.compression === 'gzip' ? gzip : plain, method, request, options),
  ]);
  return Object.fromEntries(methods);
}

/** One call of any kind. */
function call(client: Client, method: MethodInfo, request: unknown, options: CallOptions): unknown {
  const encode = (message: object) => Buffer.from(encodeMessage(method.input, message));
  const decode = (bytes: Buffer) => decodeMessage(method.output, bytes);
  const metadata = toJs(options.metadata);
  const more: JsCallOptions =
    options.timeoutMs === undefined ? {} : { deadline: Date.now() + options.timeoutMs };
  const { path } = method;
  if (method.kind === 'server-stream') {
    const message = request as object;
    const stream = client.makeServerStreamRequest(path, encode, decode, message, metadata, more);
    watch(stream, options);
    return read(stream);
  }
  if (method.kind === 'bidi-stream') {
    const stream = client.makeBidiStreamRequest(path, encode, decode, metadata, more);
    watch(stream, options);
    void write(stream, request as AsyncIterable<object>);
    return read(stream);
  }
  return new Promise((resolve, reject) => {
    const answer = (error: ServiceError | null, response?: object) =>
      error === null ? resolve(response) : reject(toRpcError(error));
    if (method.kind === 'unary') {
      const message = request as object;
      watch(
        client.makeUnaryRequest(path, encode, decode, message, metadata, more, answer),
        options,
      );
      return;
    }
    const stream = client.makeClientStreamRequest(path, encode, decode, metadata, more, answer);
    watch(stream, options);
    void write(stream, request as AsyncIterable<object>);
  });
}

interface Watched {
  cancel(): void;
  on(event: 'metadata', listener: (metadata: JsMetadata) => void): unknown;
  on(event: 'status', listener: (status: StatusObject) => void): unknown;
}

function watch(watched: Watched, { signal, onHeader, onTrailer }: CallOptions): void {
  signal?.addEventListener('abort', () => watched.cancel());
  watched.on('metadata', (metadata) => onHeader?.(fromJs(metadata)));
  watched.on('status', ({ metadata }) => onTrailer?.(fromJs(metadata)));
}

interface Writing {
  write(message: object): boolean;
  end(): void;
}

async function write(stream: Writing, messages: AsyncIterable<object>): Promise<void> {
  for await (const message of messages) stream.write(message);
  stream.end();
}

async function* read(stream: ClientReadableStream<object>): AsyncGenerator<object> {
  try {
    yield* stream as AsyncIterable<object>;
  } catch (error) {
    throw toRpcError(error as ServiceError);
  }
}

function toRpcError({ code, details }: ServiceError): RpcError {
  return new RpcError(codes[code - 1] ?? 'unknown', details);
}

function toJs(init: CallOptions['metadata']): JsMetadata {
  const metadata = new JsMetadata();
  for (const [name, value] of Metadata.from(init)) {
    metadata.add(name, typeof value === 'string' ? value : Buffer.from(value));
  }
  return metadata;
}

function fromJs(metadata: JsMetadata): Metadata {
  const ours = new Metadata();
  for (const name of Object.keys(metadata.getMap())) {
    for (const value of metadata.get(name)) ours.appendReceived(name, value);
  }
  return ours;
}
