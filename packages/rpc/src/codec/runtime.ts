/*
 * All that generated code imports. `@zeke/rpc` exports the same names.
 */
export type { CallOptions } from '../core/client.ts';
export type { ServiceType } from '../core/method.ts';
export type { CallContext } from '../core/server.ts';
export { embeddedBytes } from './embedded-bytes.ts';
export { type Extension, extension } from './extension.ts';
export { type EnumType, enumType, FieldTable } from './field-table.ts';
export { bigintOf, safeNumber } from './integer64.ts';
export { messageFromJson, messageToJson } from './message-json.ts';
export type { MessageInit, MessageType } from './message-type.ts';
export { missingField } from './missing-field.ts';
export { copyMap, createMap, setOwn } from './record.ts';
export { tableMessageType } from './table-type.ts';
export { appendUnknownVarint } from './unknown-fields.ts';
