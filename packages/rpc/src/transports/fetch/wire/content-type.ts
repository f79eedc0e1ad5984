/** How calls go over HTTP. `connect` is one unary call, `connect-stream` any other. */
export type WireProtocol = 'connect' | 'connect-stream' | 'grpc-web' | 'grpc-web-text';

/** Protobuf's bytes, or its JSON. */
export type WireFormat = 'binary' | 'json';

/** What the content type of a request or of a response says. */
export interface WireContent {
  readonly protocol: WireProtocol;
  readonly format: WireFormat;
  /** As it is sent back. */
  readonly contentType: string;
}

const known: ReadonlyMap<string, WireContent> = table([
  ['connect', 'json', 'application/json'],
  ['connect', 'binary', 'application/proto'],
  ['connect-stream', 'json', 'application/connect+json'],
  ['connect-stream', 'binary', 'application/connect+proto'],
  ['grpc-web', 'binary', 'application/grpc-web+proto'],
  ['grpc-web', 'json', 'application/grpc-web+json'],
  ['grpc-web-text', 'binary', 'application/grpc-web-text+proto'],
  ['grpc-web-text', 'json', 'application/grpc-web-text+json'],
  ['grpc-web', 'binary', 'application/grpc-web'],
  ['grpc-web-text', 'binary', 'application/grpc-web-text'],
]);

/** All content types of requests, those that are written by hand first. */
export const contentTypes: readonly string[] = [...known.keys()];

/**
 * What a content type says; undefined for one that is not of these protocols. A charset may follow,
 * and must be UTF-8.
 */
export function readContentType(value: string | null): WireContent | undefined {
  if (value === null) return undefined;
  const exact = known.get(value);
  if (exact !== undefined) return exact;
  const [type = '', ...parameters] = value.toLowerCase().split(';');
  for (const parameter of parameters) {
    const [name, setting] = parameter.trim().split('=');
    if (name === 'charset' && !/^"?utf-?8"?$/.test(setting ?? '')) return undefined;
  }
  return known.get(type.trim());
}

/** The content type of this protocol in this format. */
export function contentTypeOf(protocol: WireProtocol, format: WireFormat): string {
  for (const content of known.values()) {
    if (content.protocol === protocol && content.format === format) return content.contentType;
  }
  throw new TypeError(`no content type for ${protocol} in ${format}`);
}

function table(rows: [WireProtocol, WireFormat, string][]): ReadonlyMap<string, WireContent> {
  return new Map(
    rows.map(([protocol, format, contentType]) => [contentType, { protocol, format, contentType }]),
  );
}
