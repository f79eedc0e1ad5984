import {
  type DescEnum,
  type DescField,
  type DescFile,
  type DescMessage,
  ScalarType,
} from '@bufbuild/protobuf';
import { commentOf } from '../comment-of.ts';
import { beginFile, type PythonCode } from './python-code.ts';
import { isAttribute, messagesModule, safeName } from './python-names.ts';

/** The stub that tells type checkers what the module of a file's messages has. */
export function typesModuleCode(file: DescFile): string {
  const code = beginFile(file.proto.name);
  const modules = new Modules(file);
  code.line('import typing as _t');
  code.line();
  code.line('from google.protobuf import descriptor as _descriptor');
  code.line('from google.protobuf import message as _message');
  code.line('from google.protobuf.internal import containers as _containers');
  code.line('from google.protobuf.internal import enum_type_wrapper as _enums');
  for (const line of modules.imports()) code.line(line);
  code.line();
  code.line('DESCRIPTOR: _descriptor.FileDescriptor');
  for (const enumeration of file.enums) enumCode(code, enumeration);
  for (const message of file.messages) messageCode(code, message, modules);
  for (const extension of file.extensions) {
    code.line();
    code.line(`${safeName(extension.name)}: _descriptor.FieldDescriptor`);
  }
  return code.content();
}

/** The modules that the file imports, each under a name that no message has. */
class Modules {
  readonly #names: ReadonlyMap<string, string>;
  readonly #file: DescFile;

  constructor(file: DescFile) {
    this.#file = file;
    this.#names = new Map(
      [...allDependencies(file)].map((name, index) => [name, `_module${index}`]),
    );
  }

  *imports(): Generator<string> {
    for (const [name, alias] of this.#names) {
      yield `import ${messagesModule(name)} as ${alias}`;
    }
    for (const index of this.#file.proto.publicDependency) {
      yield `from ${messagesModule(this.#file.proto.dependency[index] ?? '')} import *`;
    }
  }

  /** How a message or an enum is named here. */
  typeName(type: DescMessage | DescEnum): string {
    const name = nestedName(type);
    // What the stubs of protobuf's own enums are differs from release to release.
    if (type.kind === 'enum' && type.file.proto.package === 'google.protobuf') return 'int';
    const alias = this.#names.get(type.file.proto.name);
    return alias === undefined ? name : `${alias}.${name}`;
  }
}

function allDependencies(file: DescFile): Set<string> {
  const names = new Set<string>();
  const add = (dependency: DescFile): void => {
    if (names.has(dependency.proto.name)) return;
    names.add(dependency.proto.name);
    for (const index of dependency.proto.publicDependency) {
      const handedOn = dependency.dependencies[index];
      if (handedOn !== undefined) add(handedOn);
    }
  };
  for (const dependency of file.dependencies) add(dependency);
  return names;
}

/** `Outer.Inner` */
export function nestedName(type: DescMessage | DescEnum): string {
  return type.parent === undefined
    ? safeName(type.name)
    : `${nestedName(type.parent)}.${safeName(type.name)}`;
}

function enumCode(code: PythonCode, enumeration: DescEnum): void {
  const name = safeName(enumeration.name);
  code.line();
  code.block(`class ${name}(int, metaclass=_enums.EnumTypeWrapper):`, () => {
    code.doc(commentOf(enumeration));
    for (const value of enumeration.values) {
      if (isAttribute(value.name))
        code.line(`${value.name}: _t.ClassVar[${nestedName(enumeration)}]`);
    }
    code.line('DESCRIPTOR: _t.ClassVar[_descriptor.EnumDescriptor]');
  });
  for (const value of enumeration.values) {
    if (isAttribute(value.name)) code.line(`${value.name}: ${nestedName(enumeration)}`);
  }
}

function messageCode(code: PythonCode, message: DescMessage, modules: Modules): void {
  code.line();
  code.block(`class ${safeName(message.name)}(_message.Message):`, () => {
    code.doc(commentOf(message));
    for (const enumeration of message.nestedEnums) enumCode(code, enumeration);
    for (const nested of message.nestedMessages) {
      messageCode(code, nested, modules);
    }
    for (const field of message.fields) fieldCode(code, field, modules);
    initCode(code, message, modules);
    presenceCode(code, message);
  });
}

function fieldCode(code: PythonCode, field: DescField, modules: Modules): void {
  if (!isAttribute(field.name)) return;
  const comment = commentOf(field).split('\n')[0] ?? '';
  if (comment !== '') code.line(`# ${comment}`);
  const type = attributeType(field, modules);
  if (field.fieldKind === 'scalar' || field.fieldKind === 'enum') {
    code.line(`${field.name}: ${type}`);
    return;
  }
  // Messages, lists and maps are changed in place, not set.
  code.line('@property');
  code.line(`def ${field.name}(self) -> ${type}: ...`);
}

function initCode(code: PythonCode, message: DescMessage, modules: Modules): void {
  const fields = message.fields.filter(({ name }) => isAttribute(name));
  const hidden = fields.length < message.fields.length ? ', **_other_fields: _t.Any' : '';
  const parameters = fields.map(
    (field) => `${field.name}: _t.Optional[${argumentType(field, modules)}] = ...`,
  );
  if (parameters.length === 0) {
    code.line(`def __init__(self${hidden}) -> None: ...`);
    return;
  }
  code.line('def __init__(');
  code.line('    self,');
  code.line('    *,');
  for (const parameter of parameters) code.line(`    ${parameter},`);
  if (hidden !== '') code.line('    **_other_fields: _t.Any,');
  code.line(') -> None: ...');
}

/** `HasField` and `WhichOneof` with the names that there are. */
function presenceCode(code: PythonCode, message: DescMessage): void {
  const literal = (names: readonly string[]): string =>
    `_t.Literal[${names.map((name) => JSON.stringify(name)).join(', ')}]`;
  const present = message.fields.filter(hasPresence).map(({ name }) => name);
  const oneofs = message.oneofs.map(({ name }) => name);
  if (present.length > 0) {
    const names = literal([...present, ...oneofs]);
    code.line(`def HasField(self, field_name: ${names}) -> bool: ...`);
  }
  const overload = message.oneofs.length > 1;
  for (const oneof of message.oneofs) {
    const result = literal(oneof.fields.map(({ name }) => name));
    if (overload) code.line('@_t.overload');
    code.line(
      `def WhichOneof(self, oneof_group: ${literal([oneof.name])}) -> _t.Optional[${result}]: ...`,
    );
  }
}

/** A list or a map has no presence, nor has a scalar of proto3 that is not optional. */
function hasPresence(field: DescField): boolean {
  const isSingle = field.fieldKind !== 'list' && field.fieldKind !== 'map';
  return isSingle && field.presence !== 2;
}

function attributeType(field: DescField, modules: Modules): string {
  switch (field.fieldKind) {
    case 'scalar':
      return scalarType(field.scalar);
    case 'enum':
      return modules.typeName(field.enum);
    case 'message':
      return modules.typeName(field.message);
    case 'list':
      if (field.listKind === 'message') {
        return `_containers.RepeatedCompositeFieldContainer[${modules.typeName(field.message)}]`;
      }
      return `_containers.RepeatedScalarFieldContainer[${itemType(field, modules)}]`;
    case 'map':
      return field.mapKind === 'message'
        ? `_containers.MessageMap[${scalarType(field.mapKey)}, ${itemType(field, modules)}]`
        : `_containers.ScalarMap[${scalarType(field.mapKey)}, ${itemType(field, modules)}]`;
  }
}

function argumentType(field: DescField, modules: Modules): string {
  switch (field.fieldKind) {
    case 'list':
      return `_t.Iterable[${itemType(field, modules)}]`;
    case 'map':
      return `_t.Mapping[${scalarType(field.mapKey)}, ${itemType(field, modules)}]`;
    case 'enum':
      return `_t.Union[${modules.typeName(field.enum)}, str]`;
    default:
      return attributeType(field, modules);
  }
}

function itemType(field: DescField & { fieldKind: 'list' | 'map' }, modules: Modules): string {
  if (field.message !== undefined) return modules.typeName(field.message);
  if (field.enum !== undefined) return modules.typeName(field.enum);
  return scalarType(field.scalar);
}

function scalarType(scalar: ScalarType): string {
  switch (scalar) {
    case ScalarType.BOOL:
      return 'bool';
    case ScalarType.STRING:
      return 'str';
    case ScalarType.BYTES:
      return 'bytes';
    case ScalarType.FLOAT:
    case ScalarType.DOUBLE:
      return 'float';
    default:
      return 'int';
  }
}
