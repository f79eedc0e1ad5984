import type { DescMessage } from '@bufbuild/protobuf';
import { dynamicMessageType } from '../../codec/dynamic.ts';
import type { JsonValue } from '../../codec/json-value.ts';
import { checkNames } from '../input/unknown-names.ts';
import type { Schema } from '../schema/schema.ts';

/**
 * The message of a JSON value.
 * @throws RpcError invalid_argument with the path of what is wrong, and names that may have been meant.
 */
export function messageFromJson(desc: DescMessage, json: JsonValue, schema: Schema): object {
  checkNames(desc, json);
  return dynamicMessageType(desc).fromJson(json, { registry: schema.types });
}
