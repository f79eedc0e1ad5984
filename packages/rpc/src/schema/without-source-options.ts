import {
  clone,
  create,
  createFileRegistry,
  type DescField,
  type FileRegistry,
  getExtension,
  type Message,
  setExtension,
} from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import {
  FieldOptions_OptionRetention,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  type FileDescriptorSet,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';

/**
 * A set without the options that only sources have (`retention = RETENTION_SOURCE`), as it is put
 * into programs and given to plugins. The set has all imports.
 */
export function withoutSourceOptions(set: FileDescriptorSet): FileDescriptorSet {
  const registry = createFileRegistry(set);
  return create(FileDescriptorSetSchema, { file: set.file.map((file) => strip(file, registry)) });
}

type Path = readonly number[];

function strip(original: FileDescriptorProto, registry: FileRegistry): FileDescriptorProto {
  const file = clone(FileDescriptorProtoSchema, original);
  const removed: string[] = [];
  const { sourceCodeInfo } = file;
  delete file.sourceCodeInfo;
  stripMessage(reflect(FileDescriptorProtoSchema, file), [], removed, registry);
  if (sourceCodeInfo === undefined) return file;
  const gone = new Set(removed);
  sourceCodeInfo.location = sourceCodeInfo.location.filter(({ path }) => !isWithin(path, gone));
  file.sourceCodeInfo = sourceCodeInfo;
  return file;
}

function isWithin(path: Path, gone: ReadonlySet<string>): boolean {
  if (gone.size === 0) return false;
  for (let length = path.length; length > 0; length--) {
    if (gone.has(path.slice(0, length).join())) return true;
  }
  return false;
}

function stripMessage(
  message: ReflectMessage,
  path: Path,
  removed: string[],
  registry: FileRegistry,
): void {
  for (const field of message.fields) {
    if (!message.isSet(field)) continue;
    const fieldPath = [...path, field.number];
    if (isOfSource(field)) {
      message.clear(field);
      removed.push(fieldPath.join());
    } else {
      stripField(message, field, fieldPath, removed, registry);
    }
  }
  stripExtensions(message, path, removed, registry);
}

function isOfSource(field: DescField | { proto: DescField['proto'] }): boolean {
  return field.proto.options?.retention === FieldOptions_OptionRetention.RETENTION_SOURCE;
}

function stripField(
  message: ReflectMessage,
  field: DescField,
  path: Path,
  removed: string[],
  registry: FileRegistry,
): void {
  if (field.fieldKind === 'message') {
    const inner = message.get(field);
    const wasEmpty = isEmpty(inner);
    stripMessage(inner, path, removed, registry);
    if (wasEmpty || !isEmpty(inner) || !field.message.name.endsWith('Options')) return;
    message.clear(field);
    removed.push(path.join());
  } else if (field.fieldKind === 'list' && field.listKind === 'message') {
    let index = 0;
    for (const item of message.get(field)) {
      stripMessage(item as ReflectMessage, [...path, index++], removed, registry);
    }
  }
}

/** Custom options are fields that descriptor.proto does not have. */
function stripExtensions(
  message: ReflectMessage,
  path: Path,
  removed: string[],
  registry: FileRegistry,
): void {
  const unknown = message.getUnknown();
  if (unknown === undefined) return;
  for (const number of new Set(unknown.map(({ no }) => no))) {
    const extension = registry.getExtensionFor(message.desc, number);
    if (extension === undefined) continue;
    if (isOfSource(extension)) {
      message.setUnknown((message.getUnknown() ?? []).filter(({ no }) => no !== number));
      removed.push([...path, number].join());
    } else if (extension.message !== undefined) {
      const target = message.message as Message;
      const value = getExtension(target, extension);
      const values = (Array.isArray(value) ? value : [value]) as Message[];
      const { length } = removed;
      for (const [index, item] of values.entries()) {
        const itemPath = Array.isArray(value) ? [...path, number, index] : [...path, number];
        stripMessage(reflect(extension.message, item), itemPath, removed, registry);
      }
      if (removed.length > length) setExtension(target, extension, value);
    }
  }
}

function isEmpty(message: ReflectMessage): boolean {
  return (
    (message.getUnknown() ?? []).length === 0 &&
    message.fields.every((field) => !message.isSet(field))
  );
}
