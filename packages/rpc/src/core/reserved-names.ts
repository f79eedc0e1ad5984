/**
 * Names that belong to HTTP, gRPC or Connect. `Metadata` refuses them, so that a call means the same
 * on every transport, and what a peer sends by them is not handed on.
 */
export const reservedNames: readonly string[] = [
  'accept',
  'accept-encoding',
  'accept-post',
  'access-control-allow-credentials',
  'access-control-allow-origin',
  'access-control-expose-headers',
  'alt-svc',
  'connect-accept-encoding',
  'connect-content-encoding',
  'connect-protocol-version',
  'connect-timeout-ms',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'grpc-accept-encoding',
  'grpc-encoding',
  'grpc-message',
  'grpc-message-type',
  'grpc-status',
  'grpc-status-details-bin',
  'grpc-timeout',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'vary',
  'x-grpc-web',
];

const names: ReadonlySet<string> = new Set(reservedNames);

/** Whether no metadata has this name, in lower case. */
export function isReservedName(name: string): boolean {
  return names.has(name);
}

/**
 * Where a transport has one, servers find it in the metadata. It is the transport's to say: no
 * transport sends it on, so that metadata may be passed on as it came.
 */
export const userAgentName = 'user-agent';
