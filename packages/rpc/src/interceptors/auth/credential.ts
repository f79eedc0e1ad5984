import type { OpenOptions } from '../../core/call.ts';
import type { Metadata } from '../../core/metadata.ts';

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

/** The options of a call with one more pair of metadata, which replaces others of its name. */
export function withMetadata(options: OpenOptions, name: string, value: string): OpenOptions {
  const metadata = options.metadata.clone();
  if (metadata.has(name)) metadata.delete(name);
  return { ...options, metadata: metadata.appendUnchecked(name, value) };
}
