import type { ClientCall, ClientSink, OpenOptions, Transport } from '../../core/call.ts';
import { Metadata } from '../../core/metadata.ts';
import type { MethodInfo } from '../../core/method.ts';
import { type CredentialHeader, withMetadata } from './credential.ts';

/**
 * A client interceptor that sends this API key with every call.
 * @throws RpcError invalid_argument for a key that cannot be sent.
 */
export function apiKeyClient(options: {
  readonly key: string;
  /** As in `ApiKeyServerOptions`. */
  readonly header?: CredentialHeader;
}): (next: Transport) => Transport {
  const { key, header = 'x-api-key' } = options;
  const value = header === 'authorization' ? `Bearer ${key}` : key;
  // Says at once, and not at every call, that the value cannot be sent.
  new Metadata().append(header, value);
  return (next) => ({
    open(method: MethodInfo, opened: OpenOptions, sink: ClientSink): ClientCall {
      return next.open(method, withMetadata(opened, header, value), sink);
    },
    close: () => next.close(),
  });
}
