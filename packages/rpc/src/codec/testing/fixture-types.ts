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
import { compileProtos } from '../../schema/compile-protos.ts';
import * as everything from '../fixtures/gen/zrpc/test/everything_pb.ts';
import * as greeter from '../fixtures/gen/zrpc/test/greeter_pb.ts';
import * as latest from '../fixtures/gen/zrpc/test/latest_pb.ts';
import * as legacy from '../fixtures/gen/zrpc/test/legacy_pb.ts';
import * as modern from '../fixtures/gen/zrpc/test/modern_pb.ts';
import type { MessageType } from '../message-type.ts';

/** The sources of the fixtures. */
export const fixturesFolder: string = join(import.meta.dirname, '../fixtures/proto');

const descriptors = create(FileDescriptorSetSchema, {
  file: [
    ...compileProtos({
      files: readdirSync(fixturesFolder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.proto'))
        .sort(),
      importPaths: [fixturesFolder],
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

/** Every generated type of the fixtures with its descriptor. */
export const fixtureTypes: readonly { type: MessageType; desc: DescMessage }[] = [
  everything,
  greeter,
  latest,
  legacy,
  modern,
].flatMap((module) =>
  Object.values(module).flatMap((exported) => {
    if (!('decode' in exported)) return [];
    const type = exported as MessageType;
    const desc = fixtureRegistry.getMessage(type.typeName);
    return desc === undefined ? [] : [{ type, desc }];
  }),
);
