import { create } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  type FieldDescriptorProto,
  type OneofDescriptorProto,
  OneofDescriptorProtoSchema,
  type SourceCodeInfo_Location,
  type SymbolVisibility,
} from '@bufbuild/protobuf/wkt';
import { parseEnum } from './parse-enum.ts';
import { parseExtend } from './parse-extend.ts';
import { type FieldTarget, parseField } from './parse-field.ts';
import { parseOptionStatement } from './parse-option.ts';
import { parseExtensionRanges, parseReserved, resolveMaxRanges } from './parse-ranges.ts';
import type { ParseState } from './parse-state.ts';
import { parseVisibility } from './parse-visibility.ts';

/** `message NAME { … }` */
export function parseMessage(
  state: ParseState,
  messages: DescriptorProto[],
  parentPath: readonly number[],
  visibility: SymbolVisibility | undefined,
): void {
  const path = [...parentPath, messages.length];
  const location = state.open(path);
  const message = create(DescriptorProtoSchema);
  messages.push(message);
  state.take();
  const name = state.identifier("a message's name");
  message.name = name.text;
  if (visibility !== undefined) message.visibility = visibility;
  state.places.set(message, 'name', name);
  state.mark([...path, 1], name);
  parseMessageBlock(state, message, path, location);
  if (state.syntax === 'proto3') addSyntheticOneofs(message);
  state.close(location);
}

/** The body of a message or of a group. */
export function parseMessageBlock(
  state: ParseState,
  message: DescriptorProto,
  path: readonly number[],
  location: SourceCodeInfo_Location,
): void {
  const { maxMessageDepth } = state.limits;
  if (state.messageDepth >= maxMessageDepth) {
    state.fail(`messages are nested deeper than ${maxMessageDepth} levels; move some outside`);
  }
  state.expectEnd('{', location, "after the message's name");
  state.messageDepth++;
  try {
    state.block(`message ${message.name}`, () => parseStatement(state, message, path));
  } finally {
    state.messageDepth--;
  }
  resolveMaxRanges(state, message);
}

function parseStatement(
  state: ParseState,
  message: DescriptorProto,
  path: readonly number[],
): void {
  const visibility = parseVisibility(state);
  const nested = nestedTarget(message, path);
  switch (state.current.text) {
    case 'message':
      parseMessage(state, message.nestedType, nested.messagesPath, visibility);
      break;
    case 'enum':
      parseEnum(state, message.enumType, [...path, 4], visibility);
      break;
    case 'extensions':
      parseExtensionRanges(state, message, path);
      break;
    case 'reserved':
      parseReserved(state, message, path);
      break;
    case 'extend':
      parseExtend(state, { ...nested, fields: message.extension, fieldsPath: [...path, 6] });
      break;
    case 'option':
      parseOptionStatement(state, message, [...path, 7]);
      break;
    case 'oneof':
      parseOneof(state, message, path);
      break;
    default:
      parseField(state, nested);
  }
}

/** Where the fields of a message go. */
function nestedTarget(message: DescriptorProto, path: readonly number[]): FieldTarget {
  return {
    fields: message.field,
    messages: message.nestedType,
    fieldsPath: [...path, 2],
    messagesPath: [...path, 3],
    parseBody: parseMessageBlock,
  };
}

function parseOneof(state: ParseState, message: DescriptorProto, path: readonly number[]): void {
  const oneofIndex = message.oneofDecl.length;
  const oneofPath = [...path, 8, oneofIndex];
  const location = state.open(oneofPath);
  const oneof = create(OneofDescriptorProtoSchema);
  message.oneofDecl.push(oneof);
  state.take();
  const name = state.identifier("a oneof's name");
  oneof.name = name.text;
  state.places.set(oneof, 'name', name);
  state.mark([...oneofPath, 1], name);
  state.expectEnd('{', location, "after the oneof's name");
  state.block(`oneof ${oneof.name}`, () => {
    if (state.at('option')) parseOptionStatement(state, oneof, [...oneofPath, 2]);
    else parseField(state, { ...nestedTarget(message, path), oneofIndex });
  });
  state.close(location);
}

/** A field that is `optional` in proto3 is the only one of a oneof without a source. */
function addSyntheticOneofs(message: DescriptorProto): void {
  const names = new Set(namesOf(message.field).concat(namesOf(message.oneofDecl)));
  for (const field of message.field) {
    if (!field.proto3Optional) continue;
    let name = field.name.startsWith('_') ? field.name : `_${field.name}`;
    while (names.has(name)) name = `X${name}`;
    names.add(name);
    field.oneofIndex = message.oneofDecl.length;
    message.oneofDecl.push(create(OneofDescriptorProtoSchema, { name }));
  }
}

function namesOf(descriptors: readonly (FieldDescriptorProto | OneofDescriptorProto)[]): string[] {
  return descriptors.map(({ name }) => name);
}
