import { createClient, type Transport } from '@zeke/rpc';
import {
  TestService,
  type TestServiceClient,
  UnimplementedService,
  type UnimplementedServiceClient,
} from '../gen/grpc/testing/test_pb.ts';
import { cancelAfterBegin, cancelAfterFirstResponse, timeoutOnSleepingServer } from './cancel.ts';
import { type CaseName, caseNames } from './case-names.ts';
import {
  clientCompressedStreaming,
  clientCompressedUnary,
  serverCompressedStreaming,
  serverCompressedUnary,
} from './compression.ts';
import { customMetadata, randomMetadata } from './metadata.ts';
import {
  specialStatusMessage,
  statusCodeAndMessage,
  unimplementedMethod,
  unimplementedService,
} from './status.ts';
import { clientStreaming, emptyStream, pingPong, serverStreaming } from './streams.ts';
import { emptyUnary, largeUnary } from './unary.ts';

/** What the server at the other end, or the way there, is able to. */
export interface ServerAbilities {
  /** A client may stream to it. */
  readonly clientStreams: boolean;
  /** Both may stream at once. */
  readonly fullDuplex: boolean;
  /**
   * By gzip: nothing; it reads compressed requests; it also compresses the responses that it is asked
   * to, and no others; it also knows which requests were compressed.
   */
  readonly compression: 'none' | 'reads' | 'answers' | 'checks';
  /** What it cannot though it can the rest. */
  readonly lacks?: readonly CaseName[];
}

/** Who makes the calls: our library, or another one that looks like it. */
export interface Caller {
  readonly client: TestServiceClient;
  readonly stranger: UnimplementedServiceClient;
  /** For the cases that see or choose what is compressed, and for the end. */
  readonly transport?: Transport;
}

/** Our library's client. */
export function callerOf(transport: Transport): Caller {
  return {
    client: createClient(TestService, transport),
    stranger: createClient(UnimplementedService, transport),
    transport,
  };
}

/** One case. The promise is rejected when one of the two sides is at fault. */
export async function runCase(
  name: CaseName,
  caller: Caller,
  abilities: ServerAbilities,
): Promise<void> {
  await runners[name](caller, abilities);
}

/** The cases that a server with these abilities can be asked; the last one ends the connection. */
export function casesFor(abilities: ServerAbilities): readonly CaseName[] {
  const { clientStreams, fullDuplex, compression, lacks = [] } = abilities;
  return caseNames.filter((name) => {
    if (lacks.includes(name)) return false;
    if (name.startsWith('client_compressed') && compression === 'none') return false;
    if (name.startsWith('server_compressed') && !answering.has(compression)) return false;
    if (fullDuplexCases.has(name) && !fullDuplex) return false;
    return clientStreams || !clientStreamCases.has(name);
  });
}

const answering: ReadonlySet<string> = new Set(['answers', 'checks']);
const fullDuplexCases: ReadonlySet<CaseName> = new Set([
  'ping_pong',
  'empty_stream',
  'cancel_after_first_response',
  'timeout_on_sleeping_server',
]);
const clientStreamCases: ReadonlySet<CaseName> = new Set([
  'client_streaming',
  'client_compressed_streaming',
  'cancel_after_begin',
]);

type Runner = (caller: Caller, abilities: ServerAbilities) => Promise<void>;

const runners: Readonly<Record<CaseName, Runner>> = {
  empty_unary: ({ client }) => emptyUnary(client),
  large_unary: ({ client }) => largeUnary(client),
  client_compressed_unary: ({ client }, { compression }) =>
    clientCompressedUnary(client, compression === 'checks'),
  server_compressed_unary: (caller) => serverCompressedUnary(transportOf(caller)),
  client_streaming: ({ client }) => clientStreaming(client),
  client_compressed_streaming: (caller, { compression }) =>
    clientCompressedStreaming(transportOf(caller), compression === 'checks'),
  server_streaming: ({ client }) => serverStreaming(client),
  server_compressed_streaming: (caller) => serverCompressedStreaming(transportOf(caller)),
  ping_pong: ({ client }) => pingPong(client),
  empty_stream: ({ client }) => emptyStream(client),
  custom_metadata: ({ client }, { fullDuplex }) => customMetadata(client, fullDuplex),
  random_metadata: ({ client }) => randomMetadata(client),
  status_code_and_message: ({ client }, { fullDuplex }) => statusCodeAndMessage(client, fullDuplex),
  special_status_message: ({ client }) => specialStatusMessage(client),
  unimplemented_method: ({ client }) => unimplementedMethod(client),
  unimplemented_service: ({ stranger }) => unimplementedService(stranger),
  cancel_after_begin: ({ client }) => cancelAfterBegin(client),
  cancel_after_first_response: ({ client }) => cancelAfterFirstResponse(client),
  timeout_on_sleeping_server: ({ client }) => timeoutOnSleepingServer(client),
  orderly_close: (caller) => transportOf(caller).close(),
};

function transportOf({ transport }: Caller): Transport {
  if (transport === undefined) throw new Error('this client has no transport of ours');
  return transport;
}
