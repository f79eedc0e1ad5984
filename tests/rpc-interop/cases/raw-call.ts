import {
  decodeMessage,
  encodeMessage,
  Metadata,
  type MethodInfo,
  type RpcError,
  type Transport,
} from '@zeke/rpc';

export interface Outgoing {
  readonly message: object;
  readonly compress: boolean;
}

/** What came back of a call, and which of its messages were compressed. */
export interface Exchange<Response> {
  readonly responses: { readonly message: Response; readonly compressed: boolean }[];
  readonly error: RpcError | undefined;
}

/**
 * A call at the transport: all messages at once, compressed by gzip one by one as told. Nothing is
 * sent in it after the server has ended the call.
 */
export function rawCall<Response extends object>(
  transport: Transport,
  method: MethodInfo | undefined,
  outgoing: readonly Outgoing[],
): Promise<Exchange<Response>> {
  if (method === undefined) throw new Error('the service has no such method');
  return new Promise((resolve) => {
    const responses: Exchange<Response>['responses'] = [];
    const options = {
      metadata: Metadata.empty,
      deadlineAt: Number.POSITIVE_INFINITY,
      compression: 'gzip',
    } as const;
    const call = transport.open(method, options, {
      onHeader() {},
      onMessage(bytes, compressed = false) {
        const message = decodeMessage(method.output, bytes) as Response;
        responses.push({ message, compressed });
      },
      onEnd: ({ error }) => resolve({ responses, error }),
      onWritable() {},
    });
    for (const { message, compress } of outgoing) {
      call.sendMessage(encodeMessage(method.input, message), compress);
    }
    call.sendEnd();
  });
}
