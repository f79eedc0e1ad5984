import type { TypeRegistry } from '../../../codec/type-registry.ts';
import type { Trailer } from '../../../core/call.ts';
import type { WireProtocol } from '../wire/content-type.ts';
import { writeEndStream } from '../wire/end-stream.ts';
import { endStreamFlag, trailersFlag } from '../wire/envelope-reader.ts';
import { writeGrpcTrailer } from '../wire/grpc-trailer.ts';

/** In what the protocols differ that put messages into envelopes. */
export interface StreamProtocol {
  /** The header that names the compression of messages. */
  readonly encodingHeader: string;
  /** The header of a request that lists the compressions it takes. */
  readonly acceptEncodingHeader: string;
  /** The flags of the last envelope. */
  readonly endFlags: number;
  /** `registry` has the types of an error's details. */
  writeEnd(trailer: Trailer, registry: TypeRegistry | undefined): Uint8Array;
  /** Whether the body is base64. */
  readonly isText: boolean;
}

const connect: StreamProtocol = {
  encodingHeader: 'connect-content-encoding',
  acceptEncodingHeader: 'connect-accept-encoding',
  endFlags: endStreamFlag,
  writeEnd: writeEndStream,
  isText: false,
};

const grpcWeb: StreamProtocol = {
  encodingHeader: 'grpc-encoding',
  acceptEncodingHeader: 'grpc-accept-encoding',
  endFlags: trailersFlag,
  writeEnd: writeGrpcTrailer,
  isText: false,
};

const grpcWebText: StreamProtocol = { ...grpcWeb, isText: true };

/** Undefined for unary Connect calls, which have no envelopes. */
export function streamProtocol(protocol: WireProtocol): StreamProtocol | undefined {
  switch (protocol) {
    case 'connect':
      return undefined;
    case 'connect-stream':
      return connect;
    case 'grpc-web':
      return grpcWeb;
    case 'grpc-web-text':
      return grpcWebText;
  }
}
