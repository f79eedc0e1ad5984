import { clone, create } from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileOptions_OptimizeMode,
  FileOptionsSchema,
  file_google_protobuf_any,
  file_google_protobuf_api,
  file_google_protobuf_compiler_plugin,
  file_google_protobuf_cpp_features,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_go_features,
  file_google_protobuf_java_features,
  file_google_protobuf_source_context,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_type,
  file_google_protobuf_wrappers,
} from '@bufbuild/protobuf/wkt';

/** The name of the file that declares what descriptors and options are. */
export const descriptorFileName = 'google/protobuf/descriptor.proto';

/** The descriptor of a file that comes with every compiler, linked, without comments. */
export function wellKnownFile(name: string): FileDescriptorProto | undefined {
  return files.get(name);
}

/** The well-known file that declares a message or an enum outside of any message. */
export function wellKnownFileOf(fullName: string): string | undefined {
  for (const proto of files.values()) {
    const names = [...proto.messageType, ...proto.enumType].map(({ name }) => name);
    if (names.some((name) => `${proto.package}.${name}` === fullName)) return proto.name;
  }
  return undefined;
}

const files: ReadonlyMap<string, FileDescriptorProto> = new Map(
  [
    file_google_protobuf_any,
    file_google_protobuf_api,
    file_google_protobuf_compiler_plugin,
    file_google_protobuf_cpp_features,
    file_google_protobuf_descriptor,
    file_google_protobuf_duration,
    file_google_protobuf_empty,
    file_google_protobuf_field_mask,
    file_google_protobuf_go_features,
    file_google_protobuf_java_features,
    file_google_protobuf_source_context,
    file_google_protobuf_struct,
    file_google_protobuf_timestamp,
    file_google_protobuf_type,
    file_google_protobuf_wrappers,
  ].map(({ proto }) => [proto.name, proto.name === descriptorFileName ? described(proto) : proto]),
);

/** protobuf-es leaves the options of this file out, which generators of other languages want. */
function described(proto: FileDescriptorProto): FileDescriptorProto {
  const file = clone(FileDescriptorProtoSchema, proto);
  file.options = create(FileOptionsSchema, {
    javaPackage: 'com.google.protobuf',
    javaOuterClassname: 'DescriptorProtos',
    optimizeFor: FileOptions_OptimizeMode.SPEED,
    goPackage: 'google.golang.org/protobuf/types/descriptorpb',
    ccEnableArenas: true,
    objcClassPrefix: 'GPB',
    csharpNamespace: 'Google.Protobuf.Reflection',
  });
  return file;
}
