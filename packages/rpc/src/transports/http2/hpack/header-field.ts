import { reservedNames } from '../../../core/reserved-names.ts';
import { staticPairs } from './static-table.ts';

/** One header as HPACK carries it, with all that is worth finding out once for each table entry. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
  /** As RFC 7541, 4.1 counts: both lengths and 32. */
  readonly size: number;
  /** Which of the names that this transport knows: one of `known`. */
  readonly token: number;
  /** The bits below. */
  readonly flags: number;
}

/** HTTP/2 forbids such a name or value (RFC 9113, 8.2.1): the message is malformed. */
export const malformed = 1;
/** HTTP allows it, but gRPC's metadata cannot carry it. */
export const notMetadata = 2;
/** The name ends in `-bin`: the value is bytes in base64. */
export const binary = 4;

/** The names that HTTP/2 and gRPC give a meaning to, and others that are no metadata. */
export const known = {
  other: 0,
  authority: 1,
  method: 2,
  path: 3,
  scheme: 4,
  status: 5,
  /** A pseudo-header that neither requests nor responses may have. */
  otherPseudo: 6,
  /** A header of HTTP/1's connections (RFC 9113, 8.2.2). */
  connectionSpecific: 7,
  te: 8,
  contentType: 9,
  contentLength: 10,
  host: 11,
  userAgent: 12,
  acceptEncoding: 13,
  grpcTimeout: 14,
  grpcEncoding: 15,
  grpcAcceptEncoding: 16,
  grpcStatus: 17,
  grpcMessage: 18,
  grpcStatusDetails: 19,
  /** Another one that is no metadata. */
  reserved: 20,
} as const;

const tokens: ReadonlyMap<string, number> = new Map([
  ...reservedNames.map((name) => [name, known.reserved] as const),
  [':authority', known.authority],
  [':method', known.method],
  [':path', known.path],
  [':scheme', known.scheme],
  [':status', known.status],
  ['connection', known.connectionSpecific],
  ['keep-alive', known.connectionSpecific],
  ['proxy-connection', known.connectionSpecific],
  ['transfer-encoding', known.connectionSpecific],
  ['upgrade', known.connectionSpecific],
  ['te', known.te],
  ['content-type', known.contentType],
  ['content-length', known.contentLength],
  ['host', known.host],
  ['user-agent', known.userAgent],
  ['accept-encoding', known.acceptEncoding],
  ['grpc-timeout', known.grpcTimeout],
  ['grpc-encoding', known.grpcEncoding],
  ['grpc-accept-encoding', known.grpcAcceptEncoding],
  ['grpc-status', known.grpcStatus],
  ['grpc-message', known.grpcMessage],
  ['grpc-status-details-bin', known.grpcStatusDetails],
]);

const colon = 0x3a;
/** A value can add `malformed` and `notMetadata`; the same bits of a name are kept one place up. */
const nameShift = 3;
const valueFlags = malformed | notMetadata;

/** The token of a name: `known.other` for one without a meaning here. */
export function tokenOf(name: string): number {
  const token = tokens.get(name);
  if (token !== undefined) return token;
  return name.charCodeAt(0) === colon ? known.otherPseudo : known.other;
}

/** Classifies a header that came as text. */
export function headerField(name: string, value: string): HeaderField {
  return fieldWithName(name, value, tokenOf(name), nameFlags(name));
}

/** The same name, already classified, with another value. */
export function fieldOfName(field: HeaderField, value: string): HeaderField {
  return fieldWithName(field.name, value, field.token, field.flags & ~valueFlags);
}

function fieldWithName(
  name: string,
  value: string,
  token: number,
  flagsOfName: number,
): HeaderField {
  const kept = flagsOfName | ((flagsOfName >> nameShift) & valueFlags);
  return {
    name,
    value,
    size: name.length + value.length + 32,
    token,
    flags: kept | flagsOfValue(value),
  };
}

function nameFlags(name: string): number {
  const start = name.charCodeAt(0) === colon ? 1 : 0;
  let flags = name.endsWith('-bin') ? binary : 0;
  if (name.length === start) return flags | ((malformed | notMetadata) << nameShift);
  for (let i = start; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (isMetadataCharacter(code)) continue;
    flags |= notMetadata << nameShift;
    if (!isNameCharacter(code)) flags |= malformed << nameShift;
  }
  return flags;
}

/** `[0-9a-z_.-]` */
function isMetadataCharacter(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2d ||
    code === 0x5f ||
    code === 0x2e
  );
}

/** Visible ASCII without upper case and colons (RFC 9113, 8.2.1). */
function isNameCharacter(code: number): boolean {
  return code > 0x20 && code < 0x7f && code !== colon && !(code >= 0x41 && code <= 0x5a);
}

function flagsOfValue(value: string): number {
  if (value.length === 0) return 0;
  let flags = 0;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code >= 0x20 && code <= 0x7e) continue;
    flags |= notMetadata;
    if (code === 0 || code === 0x0a || code === 0x0d) flags |= malformed;
  }
  const first = value.charCodeAt(0);
  const last = value.charCodeAt(value.length - 1);
  if (first === 0x20 || first === 0x09 || last === 0x20 || last === 0x09) flags |= malformed;
  return flags;
}

/**
 * The same header, one object for all connections: what every peer says of itself takes memory once.
 * What may be secret, metadata and messages, is not shared.
 */
export function sharedField(field: HeaderField): HeaderField {
  if (!shareable.has(field.token) || field.size > maxSharedBytes) return field;
  let sameName = shared.get(field.token);
  if (sameName === undefined) {
    sameName = new Map();
    shared.set(field.token, sameName);
  }
  const same = sameName.get(field.value);
  if (same !== undefined) return same;
  if (sameName.size >= maxSharedValues) sameName.clear();
  sameName.set(field.value, field);
  return field;
}

const shareable: ReadonlySet<number> = new Set([
  known.authority,
  known.path,
  known.te,
  known.contentType,
  known.userAgent,
  known.acceptEncoding,
  known.grpcEncoding,
  known.grpcAcceptEncoding,
  known.grpcStatus,
]);
const shared = new Map<number, Map<string, HeaderField>>();
/** A larger header is not shared; as `size` counts. */
const maxSharedBytes = 256;
/** Values of one name. */
const maxSharedValues = 512;

/** The entries of the static table; the entry of index 1 is at 1. */
export const staticFields: readonly HeaderField[] = [
  headerField('unused', ''),
  ...staticPairs.map(([name, value]) => headerField(name, value)),
];
