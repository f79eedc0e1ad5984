import { fromBinary } from '@bufbuild/protobuf';
import { FieldDescriptorProto_Label } from '@bufbuild/protobuf/wkt';
import type { SchemaFile } from '../linker/schema-file.ts';
import { isEditions } from '../linker/schema-file.ts';
import {
  type FieldSymbol,
  findField,
  type MessageSymbol,
  type SymbolTable,
} from '../linker/symbols.ts';
import type { OptionNamePart, OptionStatement } from '../parser/parsed-file.ts';
import { fieldValue } from './aggregate-value.ts';
import {
  findExtension,
  type OptionContext,
  type OptionUse,
  reportOption,
} from './option-context.ts';
import { type OptionHolder, optionHolders } from './option-holder.ts';
import { OptionTree } from './option-tree.ts';
import { checkUse } from './option-use.ts';

/**
 * Gives every descriptor of a file the options that its statements say, custom options as fields
 * that are unknown to `google.protobuf.*Options`, and the locations of the statements their paths.
 * `optionsMessage` finds the messages that options are.
 */
export function interpretOptions(
  file: SchemaFile,
  table: SymbolTable,
  optionsMessage: (fullName: string) => MessageSymbol | undefined,
): void {
  const uses: OptionUse[] = [];
  const trees: (readonly [OptionHolder, OptionTree])[] = [];
  for (const holder of optionHolders(file)) {
    const message = optionsMessage(holder.kind.schema.typeName);
    if (message === undefined) continue;
    const tree = new OptionTree(message);
    interpretHolder({ file, table, holder, uses }, tree);
    trees.push([holder, tree]);
  }
  // How an extension is encoded depends on options of its own, which may stand in the same file.
  for (const [holder, tree] of trees) setOptions(holder, tree, false);
  for (const [holder, tree] of trees) if (tree.hasExtensions) setOptions(holder, tree, true);
  for (const use of uses) checkUse(file, use);
}

function setOptions(holder: OptionHolder, tree: OptionTree, withExtensions: boolean): void {
  const descriptor = holder.proto as { options?: unknown };
  descriptor.options = fromBinary(holder.kind.schema, tree.encode(withExtensions));
}

function interpretHolder(context: OptionContext, tree: OptionTree): void {
  for (const statement of context.file.options(context.holder.proto)) {
    const path: number[] = [];
    const leaf = findLeaf(context, tree, statement, path);
    if (leaf === undefined) continue;
    const { field } = leaf;
    const isRepeated = field.proto.label === FieldDescriptorProto_Label.REPEATED;
    if (!isRepeated && !isFree(context, leaf, statement)) continue;
    const value = fieldValue(context, field, statement.value, false);
    if (value === undefined) continue;
    if (isRepeated) path.push(leaf.tree.values(field).length);
    leaf.tree.add(field, value);
    const { location, pathLength } = statement;
    if (location !== undefined) location.path = [...location.path.slice(0, pathLength), ...path];
  }
}

interface Leaf {
  readonly tree: OptionTree;
  readonly field: FieldSymbol;
}

function isFree(
  context: OptionContext,
  { tree, field }: Leaf,
  statement: OptionStatement,
): boolean {
  const rival = tree.oneofRival(field);
  const name = statement.name.map(formatPart).join('.');
  if (tree.has(field)) {
    reportOption(context, statement, `option ${name} is set already; remove one`);
    return false;
  }
  if (rival === undefined) return true;
  const other = rival.proto.name;
  reportOption(context, statement, `${name} and ${other} are of one oneof; set one of them`);
  return false;
}

/** Follows the parts of an option's name to the field that it sets. */
function findLeaf(
  context: OptionContext,
  root: OptionTree,
  { name }: OptionStatement,
  path: number[],
): Leaf | undefined {
  let tree = root;
  for (const [index, part] of name.entries()) {
    const field = findPart(context, tree.type, part);
    if (field === undefined) return undefined;
    if (!isAllowed(context, name, part, field)) return undefined;
    context.uses.push({ holder: context.holder, field, place: part });
    path.push(field.proto.number);
    if (index === name.length - 1) return { tree, field };
    const inner = innerTree(context, tree, field, part);
    if (inner === undefined) return undefined;
    tree = inner;
  }
  return undefined;
}

function findPart(
  context: OptionContext,
  message: MessageSymbol,
  part: OptionNamePart,
): FieldSymbol | undefined {
  const { text } = part;
  const { scope, kind } = context.holder;
  if (part.isExtension) return findExtension(context, message, { text, scope, place: part });
  const field = findField(message, text);
  if (field !== undefined && text !== 'uninterpreted_option') return field;
  const isTop = message.fullName === kind.schema.typeName;
  reportOption(
    context,
    part,
    isTop
      ? `${kind.name} has no option ${text}; correct it, or write (${text}) if it is an extension`
      : `${message.fullName} has no field ${text}; correct the name`,
  );
  return undefined;
}

/** Features are of editions, and not of the file that declares them. */
function isAllowed(
  context: OptionContext,
  name: readonly OptionNamePart[],
  part: OptionNamePart,
  field: FieldSymbol,
): boolean {
  const first = name[0];
  if (first === undefined || first.isExtension || first.text !== 'features') return true;
  if (!isEditions(context.file)) {
    reportOption(
      context,
      first,
      'features are of editions only; write edition = "2023"; at the top',
    );
    return false;
  }
  if (field.file !== context.file) return true;
  reportOption(context, part, `the feature ${field.fullName} cannot be used in the file it is of`);
  return false;
}

function innerTree(
  context: OptionContext,
  tree: OptionTree,
  field: FieldSymbol,
  part: OptionNamePart,
): OptionTree | undefined {
  const name = formatPart(part);
  if (field.type?.kind !== 'message') {
    reportOption(context, part, `${name} is no message and has no fields; set it itself`);
    return undefined;
  }
  if (field.proto.label === FieldDescriptorProto_Label.REPEATED) {
    reportOption(context, part, `${name} is repeated; set whole messages with ${name} = { … }`);
    return undefined;
  }
  const known = tree.values(field)[0];
  if (known instanceof OptionTree) return known;
  const inner = new OptionTree(field.type);
  tree.add(field, inner);
  return inner;
}

function formatPart({ isExtension, text }: OptionNamePart): string {
  return isExtension ? `(${text})` : text;
}
