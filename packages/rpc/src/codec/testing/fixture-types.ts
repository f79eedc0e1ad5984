import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  create,
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Root } from 'protobufjs';
import 'protobufjs/ext/descriptor.js';
import * as errorDetails from '../../gen/google/rpc/error_details_pb.ts';
import * as status from '../../gen/google/rpc/status_pb.ts';
import * as health from '../../gen/grpc/health/v1/health_pb.ts';
import * as reflection from '../../gen/grpc/reflection/v1/reflection_pb.ts';
import * as reflectionAlpha from '../../gen/grpc/reflection/v1alpha/reflection_pb.ts';
import * as options from '../../gen/zrpc/options_pb.ts';
import { compileProtos } from '../../schema/compile-protos.ts';
import * as everything from '../fixtures/gen/zrpc/test/everything_pb.ts';
import * as greeter from '../fixtures/gen/zrpc/test/greeter_pb.ts';
import * as latest from '../fixtures/gen/zrpc/test/latest_pb.ts';
import * as legacy from '../fixtures/gen/zrpc/test/legacy_pb.ts';
import * as modern from '../fixtures/gen/zrpc/test/modern_pb.ts';
import type { MessageType } from '../message-type.ts';
import * as wellKnown from '../well-known.ts';

const sources = ['../fixtures/proto', '../../../proto'].map((path) =>
  join(import.meta.dirname, path),
);

const wellKnownFiles = ['api', 'source_context', 'type'].map(
  (name) => `google/protobuf/${name}.proto`,
);

const descriptors = create(FileDescriptorSetSchema, {
  file: [
    ...compileProtos({
      files: [...sources.flatMap(protosIn), ...wellKnownFiles],
      importPaths: sources,
    }).files,
  ],
});

/** What protobuf-es makes of the fixtures. */
export const fixtureRegistry: FileRegistry = createFileRegistry(descriptors);

/** What protobufjs makes of them. */
export const protobufjsRoot: Root = Root.fromDescriptor(
  toBinary(FileDescriptorSetSchema, descriptors),
);
protobufjsRoot.resolveAll();

/** A generated type with its descriptor. */
export interface GeneratedType {
  readonly type: MessageType;
  readonly desc: DescMessage;
}

/** Of the fixtures: every kind of field that there is. */
export const fixtureTypes: readonly GeneratedType[] = typesOf([
  everything,
  greeter,
  latest,
  legacy,
  modern,
]);

/** Of the protocols that come with zrpc. */
export const ownTypes: readonly GeneratedType[] = typesOf([
  errorDetails,
  health,
  options,
  reflection,
  reflectionAlpha,
  status,
  wellKnown,
]);

function protosIn(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.proto')).sort();
}

function typesOf(modules: readonly object[]): GeneratedType[] {
  return modules
    .flatMap((module) => Object.values(module) as object[])
    .flatMap((exported) => {
      if (!('decode' in exported)) return [];
      const type = exported as MessageType;
      const desc = fixtureRegistry.getMessage(type.typeName);
      return desc === undefined ? [] : [{ type, desc }];
    });
}
