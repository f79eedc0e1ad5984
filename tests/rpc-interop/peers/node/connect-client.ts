import {
  ConnectError,
  createClient,
  decodeBinaryHeader,
  type CallOptions as EsCallOptions,
  encodeBinaryHeader,
  type Transport,
} from '@connectrpc/connect';
import { type CallOptions, codes, Metadata, RpcError } from '@zeke/rpc';
import type { Caller } from '../../cases/run-case.ts';
import type {
  TestServiceClient,
  UnimplementedServiceClient,
} from '../../gen/grpc/testing/test_pb.ts';
import { serviceNamed } from './schema.ts';

/** A client of connect-es behind the interfaces of our generated clients. */
export function connectCaller(plain: Transport, gzip: Transport): Caller {
  return {
    client: clientOf('TestService', plain, gzip) as unknown as TestServiceClient,
    stranger: clientOf(
      'UnimplementedService',
      plain,
      gzip,
    ) as unknown as UnimplementedServiceClient,
  };
}

type EsMethod = (request: unknown, options: EsCallOptions) => unknown;

function clientOf(name: string, plain: Transport, gzip: Transport): Record<string, unknown> {
  const service = serviceNamed(name);
  const uncompressed = createClient(service, plain) as Record<string, EsMethod>;
  const compressed = createClient(service, gzip) as Record<string, EsMethod>;
  const methods = service.methods.map(({ localName, methodKind }) => [
    localName,
    (request: unknown, options: CallOptions = {}) => {
      const client = options.compression === 'gzip' ? compressed : uncompressed;
      const result = client[localName]?.(request, toEs(options));
      return methodKind === 'unary' || methodKind === 'client_streaming'
        ? (result as Promise<object>).catch(rethrow)
        : read(result as AsyncIterable<object>);
    },
  ]);
  return Object.fromEntries(methods);
}

async function* read(responses: AsyncIterable<object>): AsyncGenerator<object> {
  try {
    yield* responses;
  } catch (error) {
    rethrow(error);
  }
}

function rethrow(error: unknown): never {
  const { code, rawMessage } = ConnectError.from(error);
  throw new RpcError(codes[code - 1] ?? 'unknown', rawMessage);
}

function toEs({ metadata, signal, timeoutMs, onHeader, onTrailer }: CallOptions): EsCallOptions {
  const headers = new Headers();
  for (const [name, value] of Metadata.from(metadata)) {
    headers.append(name, typeof value === 'string' ? value : encodeBinaryHeader(value));
  }
  return {
    headers,
    ...(signal === undefined ? {} : { signal }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    onHeader: (header) => onHeader?.(fromEs(header)),
    onTrailer: (trailer) => onTrailer?.(fromEs(trailer)),
  };
}

function fromEs(headers: Headers): Metadata {
  const metadata = new Metadata();
  headers.forEach((value, name) => {
    metadata.appendReceived(name, name.endsWith('-bin') ? decodeBinaryHeader(value) : value);
  });
  return metadata;
}
