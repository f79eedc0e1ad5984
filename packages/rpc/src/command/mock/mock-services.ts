import { create, type DescService, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { MethodInfo, ServiceType } from '../../core/method.ts';
import { RpcError } from '../../rpc-error.ts';
import { methodInfoOf } from '../schema/find-symbol.ts';
import type { Schema } from '../schema/schema.ts';

/** A service of a schema, and as a server takes it. */
export interface SchemaService {
  readonly desc: DescService;
  /** Its methods are named as in the `.proto`. */
  readonly type: ServiceType;
}

/**
 * The services of a schema from files, without those that tell of the server itself.
 * @throws RpcError not_found for a schema without any.
 */
export async function servicesOf(schema: Schema): Promise<SchemaService[]> {
  const set = create(FileDescriptorSetSchema, {
    file: schema.registries.flatMap((registry) => [...registry.files].map(({ proto }) => proto)),
  });
  const bytes = toBinary(FileDescriptorSetSchema, set);
  const services: SchemaService[] = [];
  for (const name of await schema.services()) {
    const desc = await schema.lookUp(name);
    if (desc?.kind !== 'service' || isOwnService(name)) continue;
    const methods: Record<string, MethodInfo> = {};
    for (const method of desc.methods) methods[method.name] = methodInfoOf(method);
    services.push({ desc, type: { typeName: name, methods, descriptorSet: () => bytes } });
  }
  if (services.length > 0) return services;
  throw new RpcError('not_found', `${schema.origin} declares no service`);
}

/** Whether a service of this name is about the server itself: reflection and health. */
export function isOwnService(name: string): boolean {
  return /^grpc\.(?:reflection|health)\./.test(name);
}
