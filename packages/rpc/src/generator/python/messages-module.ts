import { type DescFile, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { toBase64 } from '../../codec/base64.ts';
import { beginFile } from './python-code.ts';
import { messagesModule, quote } from './python-names.ts';

const base64LineLength = 88;

/**
 * The module of a file's messages and enums, which protobuf's runtime builds from the descriptor, as
 * protoc's do: the two can stand for each other.
 */
export function messagesModuleCode(file: DescFile): string {
  const code = beginFile(file.proto.name);
  code.line('from base64 import b64decode as _b64decode');
  code.line('from importlib import import_module as _import_module');
  code.line();
  code.line('from google.protobuf import descriptor_pool as _descriptor_pool');
  code.line('from google.protobuf.internal import builder as _builder');
  code.line();
  for (const name of file.proto.dependency) {
    code.line(`_import_module(${quote(messagesModule(name))})`);
  }
  for (const index of file.proto.publicDependency) {
    const name = messagesModule(file.proto.dependency[index] ?? '');
    code.line(`for _name, _value in vars(_import_module(${quote(name)})).items():`);
    code.line('    if not _name.startswith("_"):');
    code.line('        globals()[_name] = _value');
  }
  code.line();
  code.line('DESCRIPTOR = _descriptor_pool.Default().AddSerializedFile(_b64decode(');
  const bytes = toBase64(toBinary(FileDescriptorProtoSchema, file.proto));
  for (let at = 0; at < bytes.length; at += base64LineLength) {
    code.line(`    "${bytes.slice(at, at + base64LineLength)}"`);
  }
  code.line('))');
  code.line('_builder.BuildMessageAndEnumDescriptors(DESCRIPTOR, globals())');
  const module = quote(messagesModule(file.proto.name));
  code.line(`_builder.BuildTopDescriptorsAndMessages(DESCRIPTOR, ${module}, globals())`);
  return code.content();
}
