import type { ClientCall, ClientSink, OpenOptions, Transport } from '../../core/call.ts';
import { Metadata } from '../../core/metadata.ts';
import type { MethodInfo } from '../../core/method.ts';

/**
 * The metadata in which a credential comes. In `authorization` it stands after `Bearer ` (RFC 6750,
 * 2.1), elsewhere alone.
 */
export type CredentialHeader = 'authorization' | (string & {});

/** The credential of a call; undefined when there is none, or none of this form. */
export function credentialOf(metadata: Metadata, header: CredentialHeader): string | undefined {
  const value = metadata.get(header);
  if (value === undefined || value === '') return undefined;
  if (header !== 'authorization') return value;
  if (value.length < 8 || value.slice(0, 7).toLowerCase() !== 'bearer ') return undefined;
  return value.slice(7).trim();
}

/** A client interceptor that sends this credential with every call. */
export function withCredential(
  header: CredentialHeader,
  credential: string,
): (next: Transport) => Transport {
  const value = credentialValue(header, credential);
  // Says at once, and not at every call, that the value cannot be sent.
  new Metadata().append(header, value);
  return (next) => ({
    open(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
      return next.open(method, withMetadata(options, header, value), sink);
    },
    close: () => next.close(),
  });
}

/** The options of a call with one more pair of metadata, which replaces others of its name. */
export function withMetadata(options: OpenOptions, name: string, value: string): OpenOptions {
  const metadata = options.metadata.clone();
  if (metadata.has(name)) metadata.delete(name);
  return { ...options, metadata: metadata.appendUnchecked(name, value) };
}

/** The value of the metadata that carries this credential. */
function credentialValue(header: CredentialHeader, credential: string): string {
  return header === 'authorization' ? `Bearer ${credential}` : credential;
}
