import { toBase64 } from '../../codec/base64.ts';
import { FieldTable } from '../../codec/field-table.ts';
import type { JsonValue } from '../../codec/json-value.ts';
import type { MessageType } from '../../codec/message-type.ts';
import { tableMessageType } from '../../codec/table-type.ts';
import type { TypeRegistry } from '../../codec/type-registry.ts';
import { printableJson } from '../printable.ts';
import type { Schema } from '../schema/schema.ts';

export interface FormatOptions {
  readonly schema: Schema;
  /** Write fields that have their default value and no presence. Default false. */
  readonly emitDefaults?: boolean;
}

/**
 * The JSON of a message. What a `google.protobuf.Any` holds is looked up in the schema; a type that
 * it does not know is written as `{ "@type": …, "@value": base64 }`.
 * @throws RpcError for a message that JSON cannot have, such as a Timestamp beyond the year 9999.
 */
export async function messageJson(
  type: MessageType,
  message: object,
  { schema, emitDefaults = false }: FormatOptions,
): Promise<JsonValue> {
  for (;;) {
    const missing = new Set<string>();
    const registry = lenient(schema.types, missing);
    const json = type.toJson(message, { registry, alwaysEmitImplicit: emitDefaults });
    if (!(await lookUpAny(schema, missing))) return json;
  }
}

/** The text of that: on one line, or with a field on each. */
export async function formatMessage(
  type: MessageType,
  message: object,
  options: FormatOptions & { readonly pretty?: boolean },
): Promise<string> {
  const json = await messageJson(type, message, options);
  return formatJson(json, options.pretty ?? false);
}

export function formatJson(json: unknown, pretty: boolean): string {
  return printableJson(JSON.stringify(json, null, pretty ? 2 : undefined));
}

/** True when one of the names is known afterwards. */
async function lookUpAny(schema: Schema, names: ReadonlySet<string>): Promise<boolean> {
  let isFound = false;
  for (const name of names) {
    const found = await schema.lookUp(name).catch(() => undefined);
    if (found?.kind === 'message') isFound = true;
  }
  return isFound;
}

/** A registry that knows every message, some of them only as bytes. */
function lenient(types: TypeRegistry, missing: Set<string>): TypeRegistry {
  return {
    message(name) {
      const known = types.message(name);
      if (known !== undefined) return known;
      missing.add(name);
      return bytesType(name);
    },
    extension: (name) => types.extension(name),
    extensionOf: (extendee, number) => types.extensionOf(extendee, number),
  };
}

/** A type without fields keeps all bytes as unknown. */
function bytesType(name: string): MessageType {
  const type = tableMessageType(new FieldTable(name, () => []));
  return {
    ...type,
    toJson: (message) => ({ '@value': toBase64(unknownOf(message)) }),
  };
}

function unknownOf(message: object): Uint8Array {
  const unknown = '$unknown' in message ? message.$unknown : undefined;
  return unknown instanceof Uint8Array ? unknown : new Uint8Array(0);
}
