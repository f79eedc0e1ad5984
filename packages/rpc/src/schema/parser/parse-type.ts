import { type FieldDescriptorProto, FieldDescriptorProto_Type } from '@bufbuild/protobuf/wkt';
import type { ParseState } from './parse-state.ts';

/** Scalar types by their names. */
const scalarTypes: ReadonlyMap<string, FieldDescriptorProto_Type> = new Map([
  ['double', FieldDescriptorProto_Type.DOUBLE],
  ['float', FieldDescriptorProto_Type.FLOAT],
  ['int64', FieldDescriptorProto_Type.INT64],
  ['uint64', FieldDescriptorProto_Type.UINT64],
  ['int32', FieldDescriptorProto_Type.INT32],
  ['fixed64', FieldDescriptorProto_Type.FIXED64],
  ['fixed32', FieldDescriptorProto_Type.FIXED32],
  ['bool', FieldDescriptorProto_Type.BOOL],
  ['string', FieldDescriptorProto_Type.STRING],
  ['bytes', FieldDescriptorProto_Type.BYTES],
  ['uint32', FieldDescriptorProto_Type.UINT32],
  ['sfixed32', FieldDescriptorProto_Type.SFIXED32],
  ['sfixed64', FieldDescriptorProto_Type.SFIXED64],
  ['sint32', FieldDescriptorProto_Type.SINT32],
  ['sint64', FieldDescriptorProto_Type.SINT64],
]);

/** A scalar's type, `group`, or the name of a message or enum. */
export function parseTypeName(state: ParseState, field: FieldDescriptorProto): void {
  const scalar = scalarTypes.get(state.current.text);
  if (scalar !== undefined) {
    field.type = scalar;
    state.take();
  } else if (state.at('group')) {
    if (state.syntax === 'editions') {
      state.report(
        'there are no groups in editions; declare a message and a field of it with ' +
          '[features.message_encoding = DELIMITED]',
      );
    }
    field.type = FieldDescriptorProto_Type.GROUP;
    state.take();
  } else {
    field.typeName = state.typeName('a type');
  }
}

/** The name of a message where no scalar is allowed; `where` begins a sentence. */
export function parseMessageName(state: ParseState, where: string): string {
  if (!scalarTypes.has(state.current.text)) return state.typeName("a message's name");
  state.report(`${where} takes a message, and ${state.current.text} is none; name a message`);
  return state.take().text;
}
