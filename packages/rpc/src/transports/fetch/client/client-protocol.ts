import type { TypeRegistry } from '../../../codec/type-registry.ts';
import type { Trailer } from '../../../core/call.ts';
import type { WireProtocol } from '../wire/content-type.ts';
import { readEndStream } from '../wire/end-stream.ts';
import { endStreamFlag, trailersFlag } from '../wire/envelope-reader.ts';
import { readGrpcTrailer } from '../wire/grpc-trailer.ts';
import { writeConnectTimeout, writeGrpcTimeout } from '../wire/timeouts.ts';
import type { FetchProtocol } from './client-settings.ts';

/** In what the protocols differ that put messages into envelopes. */
export interface ClientStreamProtocol {
  readonly wire: WireProtocol;
  /** Sent with each request. */
  readonly versionHeader: readonly [name: string, value: string];
  readonly encodingHeader: string;
  readonly acceptEncodingHeader: string;
  readonly timeoutHeader: string;
  writeTimeout(leftMs: number): string | undefined;
  /** The flag of the last envelope. */
  readonly endFlag: number;
  /** `registry` has the types of an error's details. */
  readEnd(bytes: Uint8Array, maxMetadataBytes: number, registry: TypeRegistry | undefined): Trailer;
}

const connect: ClientStreamProtocol = {
  wire: 'connect-stream',
  versionHeader: ['connect-protocol-version', '1'],
  encodingHeader: 'connect-content-encoding',
  acceptEncodingHeader: 'connect-accept-encoding',
  timeoutHeader: 'connect-timeout-ms',
  writeTimeout: writeConnectTimeout,
  endFlag: endStreamFlag,
  readEnd: readEndStream,
};

const grpcWeb: ClientStreamProtocol = {
  wire: 'grpc-web',
  versionHeader: ['x-grpc-web', '1'],
  encodingHeader: 'grpc-encoding',
  acceptEncodingHeader: 'grpc-accept-encoding',
  timeoutHeader: 'grpc-timeout',
  writeTimeout: writeGrpcTimeout,
  endFlag: trailersFlag,
  readEnd: readGrpcTrailer,
};

const grpcWebText: ClientStreamProtocol = { ...grpcWeb, wire: 'grpc-web-text' };

/** Of calls that are not unary ones of Connect. */
export function clientStreamProtocol(protocol: FetchProtocol): ClientStreamProtocol {
  switch (protocol) {
    case 'connect':
      return connect;
    case 'grpc-web':
      return grpcWeb;
    case 'grpc-web-text':
      return grpcWebText;
  }
}
