import {
  decodeMessage,
  type MessageType,
  Metadata,
  RpcError,
  type ServerInterceptor,
  WatchedServerCall,
} from '@zeke/rpc';
import {
  type BoolValue,
  SimpleRequest,
  StreamingInputCallRequest,
} from '../gen/grpc/testing/messages_pb.ts';
import { TestService } from '../gen/grpc/testing/test_pb.ts';

/**
 * Refuses a request that says that it is compressed and is not, or the other way round, where the
 * transport tells: the feature CompressedRequest of gRPC's test servers.
 */
export const expectCompression: ServerInterceptor = (next) => (call) => {
  const type = expecting.get(call.path);
  next(type === undefined ? call : new ExpectingCall(call, type));
};

type Expecting = MessageType<{ expectCompressed?: BoolValue | undefined }>;

const { unaryCall, streamingInputCall } = TestService.methods;
const expecting: ReadonlyMap<string | undefined, Expecting> = new Map<
  string | undefined,
  Expecting
>([
  [unaryCall?.path, SimpleRequest],
  [streamingInputCall?.path, StreamingInputCallRequest],
]);

class ExpectingCall extends WatchedServerCall {
  readonly #type: Expecting;

  constructor(call: WatchedServerCall['wraps'], type: Expecting) {
    super(call);
    this.#type = type;
  }

  override onMessage(bytes: Uint8Array, compressed?: boolean): void {
    const expected = decodeMessage(this.#type, bytes).expectCompressed?.value ?? compressed;
    if (compressed === undefined || compressed === expected) {
      super.onMessage(bytes, compressed);
      return;
    }
    const message = `the request is ${compressed ? '' : 'not '}compressed, and says otherwise`;
    const error = new RpcError('invalid_argument', message);
    this.sendEnd({ error, metadata: Metadata.empty });
    this.onCancel(error);
  }
}
