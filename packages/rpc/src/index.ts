export { packAny, unpackAny } from './codec/any.ts';
export {
  badRequest,
  debugInfo,
  errorDetail,
  errorDetailOf,
  errorInfo,
  help,
  localizedMessage,
  preconditionFailure,
  quotaFailure,
  requestInfo,
  resourceInfo,
  retryInfo,
} from './codec/error-details.ts';
export { clearExtension, getExtension, hasExtension, setExtension } from './codec/extension.ts';
export type { JsonReadOptions, JsonValue, JsonWriteOptions } from './codec/json-value.ts';
export { decodeMessage, encodeMessage } from './codec/message-bytes.ts';
export type { MessageInit, MessageType } from './codec/message-type.ts';
export {
  appendUnknownVarint,
  bigintOf,
  copyMap,
  createMap,
  type EnumType,
  type Extension,
  embeddedBytes,
  enumType,
  extension,
  FieldTable,
  messageFromJson,
  messageToJson,
  missingField,
  safeNumber,
  setOwn,
  tableMessageType,
} from './codec/runtime.ts';
export { durationOfMs, msOfDuration, msOfTimestamp, timestampOfMs } from './codec/time.ts';
export { createTypeRegistry, type TypeRegistry } from './codec/type-registry.ts';
export {
  type CallHandler,
  type ClientCall,
  type ClientSink,
  type CompressionName,
  type DisposableTransport,
  type Listener,
  type OpenOptions,
  okTrailer,
  type Peer,
  type PeerCertificate,
  type ServerCall,
  type ServerSink,
  type Trailer,
  type Transport,
} from './core/call.ts';
export { CallKey, callValue, setCallValue, type WrappedServerCall } from './core/call-values.ts';
export {
  type CallOptions,
  callBidiStream,
  callClientStream,
  callServerStream,
  callUnary,
  createClient,
} from './core/client.ts';
export type { Connection } from './core/connection.ts';
export { defaultLimits, type RpcLimits } from './core/limits.ts';
export { Metadata, type MetadataInit, type MetadataValue } from './core/metadata.ts';
export type { Idempotency, MethodInfo, MethodKind, ServiceType } from './core/method.ts';
export type { ParentCall } from './core/parent-call.ts';
export { isRefused, markRefused } from './core/refused.ts';
export {
  type CallContext,
  createServer,
  type Server,
  type ServerInterceptor,
  type ServerOptions,
} from './core/server.ts';
export { WatchedClientCall, WatchedServerCall } from './core/watched-call.ts';
export { type Code, codes, type ErrorDetail, RpcError, type RpcErrorOptions } from './rpc-error.ts';
export { splitAlternativeNames } from './sockets/tls-session.ts';
export { connectMemory, type MemoryOptions } from './transports/memory/memory.ts';
