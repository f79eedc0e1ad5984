import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { clone, create, createFileRegistry } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  type FieldDescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { compileProtos } from '../../schema/compile-protos.ts';
import { completeDescriptors } from './complete-descriptors.ts';
import { inOrderOfImports } from './descriptor-order.ts';

const folder = join(import.meta.dirname, '../../codec/fixtures/proto');
const names = ['everything', 'greeter', 'latest', 'legacy', 'modern'];

function compiled(): readonly FileDescriptorProto[] {
  const files = names.map((name) => `zrpc/test/${name}.proto`);
  const { files: all } = compileProtos({ files, importPaths: [folder] });
  return all.map((file) => clone(FileDescriptorProtoSchema, file));
}

/** Leaves out what a reader can know by itself. */
function strip(file: FileDescriptorProto): void {
  file.dependency = [];
  file.publicDependency = [];
  for (const message of file.messageType) stripMessage(message, file.package);
  for (const field of file.extension) stripField(field, file.package);
  for (const { method: methods } of file.service) {
    for (const method of methods) {
      method.inputType = method.inputType.replace(`.${file.package}.`, '');
      method.outputType = method.outputType.replace(`.${file.package}.`, '');
    }
  }
}

function stripMessage(message: DescriptorProto, scope: string): void {
  for (const field of message.field) stripField(field, scope);
  for (const field of message.extension) stripField(field, scope);
  for (const nested of message.nestedType) stripMessage(nested, scope);
}

function stripField(field: FieldDescriptorProto, scope: string): void {
  field.jsonName = '';
  if (field.extendee !== '') field.extendee = field.extendee.slice(1);
  if (field.typeName === '') return;
  field.typeName = field.typeName.replace(`.${scope}.`, '').replace(/^\./, '');
  // A group is more than its type tells.
  if (field.type !== 10) field.type = 0 as typeof field.type;
}

test('what is left out is written as the compiler has it', () => {
  const whole = compiled();
  const files = compiled();
  for (const file of files) strip(file);
  completeDescriptors(files);
  const ordered = inOrderOfImports(new Map(files.map((file) => [file.name, file])));
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: ordered }));
  expect(registry.getMessage('zrpc.test.Node')?.fields.map(({ jsonName }) => jsonName)).toContain(
    'others',
  );
  for (const [i, file] of files.entries()) {
    const expected = whole[i] as FileDescriptorProto;
    // Of an import that nothing uses, nothing tells.
    const used = expected.dependency.filter((name) => file.dependency.includes(name));
    expect(file.dependency.toSorted()).toEqual(used.toSorted());
    file.dependency = expected.dependency;
    file.publicDependency = expected.publicDependency;
    for (const each of [file, expected]) withoutOwnJsonNames(each);
    expect(file).toEqual(expected);
  }
});

test('what is whole already stays as it is', () => {
  const files = compiled();
  completeDescriptors(files);
  expect(files).toEqual(compiled());
});

test('the innermost scope counts, and unknown names stay', () => {
  const file = create(FileDescriptorProtoSchema, {
    name: 'a.proto',
    package: 'a.b',
    messageType: [
      {
        name: 'Outer',
        nestedType: [{ name: 'Same' }],
        field: [
          { name: 'near_one', typeName: 'Same' },
          { name: 'far', typeName: 'b.Same' },
          { name: 'lost', typeName: 'Nowhere' },
        ],
      },
      { name: 'Same' },
    ],
  });
  completeDescriptors([file]);
  const fields = file.messageType[0]?.field ?? [];
  expect(fields.map(({ typeName }) => typeName)).toEqual([
    '.a.b.Outer.Same',
    '.a.b.Same',
    'Nowhere',
  ]);
  expect(fields[0]?.jsonName).toBe('nearOne');
});

/** Names that the source gives cannot be known. */
function withoutOwnJsonNames(file: FileDescriptorProto): void {
  const visit = (message: DescriptorProto): void => {
    for (const field of message.field) field.jsonName = '';
    for (const field of message.extension) field.jsonName = '';
    message.nestedType.forEach(visit);
  };
  file.messageType.forEach(visit);
  for (const field of file.extension) field.jsonName = '';
}
