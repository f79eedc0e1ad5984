import { createFileRegistry, type DescService, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { TestService } from '../../gen/grpc/testing/test_pb.ts';

const set = fromBinary(FileDescriptorSetSchema, TestService.descriptorSet?.() ?? new Uint8Array(0));
const registry = createFileRegistry(set);

/** A service of grpc.testing, for protobuf-es. */
export function serviceNamed(name: string): DescService {
  const service = registry.getService(`grpc.testing.${name}`);
  if (service === undefined) throw new Error(`grpc.testing has no service ${name}`);
  return service;
}
