import type {
  DescEnum,
  DescExtension,
  DescMessage,
  DescService,
  FileRegistry,
} from '@bufbuild/protobuf';
import { dynamicTypeRegistry } from '../../codec/dynamic.ts';
import type { TypeRegistry } from '../../codec/type-registry.ts';

/** What the full name of a type or a service stands for. */
export type Described = DescService | DescMessage | DescEnum | DescExtension;

/** What is known of a server's services and messages, from its reflection or from files. */
export interface Schema {
  /** Where it comes from, for messages: `the reflection of grpc://…`, `greeter.proto`. */
  readonly origin: string;
  /** What has been loaded so far. */
  readonly registries: readonly FileRegistry[];
  /** The types in it: for the JSON of `google.protobuf.Any` and extensions. */
  readonly types: TypeRegistry;
  /** The full names of the services, sorted. */
  services(): Promise<readonly string[]>;
  /**
   * The type or service of a full name, loaded with all that it needs; undefined for one that the
   * schema does not have. A name within a message or a service is not found by itself.
   */
  lookUp(name: string): Promise<Described | undefined>;
}

/** The first registry's answer counts. */
export function typesOf(registries: readonly FileRegistry[]): TypeRegistry {
  const first = <T>(ask: (types: TypeRegistry) => T | undefined): T | undefined => {
    for (const registry of registries) {
      const found = ask(typesOfOne(registry));
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return {
    message: (name) => first((types) => types.message(name)),
    extension: (name) => first((types) => types.extension(name)),
    extensionOf: (extendee, number) => first((types) => types.extensionOf(extendee, number)),
  };
}

const known = new WeakMap<FileRegistry, TypeRegistry>();

function typesOfOne(registry: FileRegistry): TypeRegistry {
  const types = known.get(registry) ?? dynamicTypeRegistry(registry);
  known.set(registry, types);
  return types;
}

/** Of a command that has not come to its schema. */
export const noSchema: Schema = {
  origin: 'nothing',
  registries: [],
  types: typesOf([]),
  services: async () => [],
  lookUp: async () => undefined,
};
