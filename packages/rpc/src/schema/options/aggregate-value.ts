import { FieldDescriptorProto_Label } from '@bufbuild/protobuf/wkt';
import { type FieldSymbol, findField, type MessageSymbol } from '../linker/symbols.ts';
import type { OptionValue, ValueField } from '../parser/parsed-file.ts';
import { findExtension, type OptionContext, reportOption } from './option-context.ts';
import { OptionTree, type TreeValue } from './option-tree.ts';
import { scalarValue } from './scalar-value.ts';

/** A literal as a value of a field; undefined when what is wrong with it is reported. */
export function fieldValue(
  context: OptionContext,
  field: FieldSymbol,
  value: OptionValue,
  isAggregate: boolean,
): TreeValue | undefined {
  if (field.type?.kind === 'message') {
    if (value.kind === 'message') return aggregate(context, field.type, value);
    reportOption(
      context,
      value,
      `${field.proto.name} is a message; write { … }, or set its fields with ${field.proto.name}.FIELD`,
    );
    return undefined;
  }
  const result = value.kind === 'list' ? listed(field) : scalarValue(field, value, isAggregate);
  if (typeof result !== 'string') return result;
  reportOption(context, value, result);
  return undefined;
}

function listed({ proto }: FieldSymbol): string {
  return `${proto.name} is not repeated; write one value`;
}

type MessageValue = OptionValue & { readonly kind: 'message' };

/** A message in the text format. */
function aggregate(
  context: OptionContext,
  type: MessageSymbol,
  value: MessageValue,
): OptionTree | undefined {
  const tree = new OptionTree(type);
  let isValid = true;
  for (const entry of value.fields) isValid = addEntry(context, tree, entry) && isValid;
  if (!isValid) return undefined;
  const missing = type.fields.filter((field) => isRequired(field) && !tree.has(field));
  if (missing.length === 0) return tree;
  const names = missing.map(({ proto }) => proto.name).join(', ');
  reportOption(context, value, `${type.fullName} requires ${names}; set what is missing`);
  return undefined;
}

function isRequired({ proto }: FieldSymbol): boolean {
  return proto.label === FieldDescriptorProto_Label.REQUIRED;
}

function addEntry(context: OptionContext, tree: OptionTree, entry: ValueField): boolean {
  if (entry.name.kind === 'any') return addAny(context, tree, entry);
  const field = entryField(context, tree.type, entry);
  if (field === undefined) return false;
  context.uses.push({ holder: context.holder, field, place: entry });
  const isRepeated = field.proto.label === FieldDescriptorProto_Label.REPEATED;
  const literals = isRepeated && entry.value.kind === 'list' ? entry.value.values : [entry.value];
  if (!isRepeated && !isFree(context, tree, field, entry)) return false;
  let isValid = true;
  for (const literal of literals) {
    const value = fieldValue(context, field, literal, true);
    if (value === undefined) isValid = false;
    else tree.add(field, value);
  }
  return isValid;
}

function isFree(
  context: OptionContext,
  tree: OptionTree,
  field: FieldSymbol,
  entry: ValueField,
): boolean {
  const { name } = field.proto;
  const rival = tree.oneofRival(field);
  if (tree.has(field)) reportOption(context, entry, `${name} is set twice; remove one`);
  else if (rival === undefined) return true;
  else {
    const other = rival.proto.name;
    reportOption(context, entry, `${name} and ${other} are of one oneof; set one of them`);
  }
  return false;
}

function entryField(
  context: OptionContext,
  type: MessageSymbol,
  entry: ValueField,
): FieldSymbol | undefined {
  const { text, kind } = entry.name;
  if (kind === 'extension') {
    return findExtension(context, type, { text, scope: type.fullName, place: entry });
  }
  const field = findField(type, text) ?? findGroup(type, text);
  if (field === undefined) {
    reportOption(context, entry, `${type.fullName} has no field ${text}; correct the name`);
  }
  return field;
}

/** The text format names groups as their messages. */
function findGroup(type: MessageSymbol, name: string): FieldSymbol | undefined {
  const field = findField(type, name.toLowerCase());
  return field?.type?.kind === 'message' && field.type.proto.name === name ? field : undefined;
}

/** `[domain/package.Message] { … }` in a `google.protobuf.Any`. */
function addAny(context: OptionContext, tree: OptionTree, entry: ValueField): boolean {
  const { name, value } = entry;
  const typeUrl = findField(tree.type, 'type_url');
  const bytes = findField(tree.type, 'value');
  const isAny = tree.type.fullName === 'google.protobuf.Any';
  if (!isAny || typeUrl === undefined || bytes === undefined || name.kind !== 'any') {
    reportOption(context, entry, 'a type between brackets is for google.protobuf.Any only');
    return false;
  }
  if (!isFree(context, tree, typeUrl, entry) || !isFree(context, tree, bytes, entry)) return false;
  const type = context.table.get(name.text);
  if (type?.kind !== 'message' || !context.file.visibleToOptions.has(type.file)) {
    reportOption(context, entry, `${name.text} is no message known here; import its file`);
    return false;
  }
  if (value.kind !== 'message') {
    reportOption(context, value, `${name.text} is a message; write { … }`);
    return false;
  }
  const message = aggregate(context, type, value);
  if (message === undefined) return false;
  tree.add(typeUrl, new TextEncoder().encode(`${name.prefix}${name.text}`));
  tree.add(bytes, message);
  return true;
}
