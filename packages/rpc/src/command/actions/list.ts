import type { DescService } from '@bufbuild/protobuf';
import { splitArguments } from '../arguments.ts';
import type { ListFlags } from '../commands/list.ts';
import { openSchema } from '../connect.ts';
import type { Context } from '../context.ts';
import { printable } from '../printable.ts';
import { findService, methodInfoOf } from '../schema/find-symbol.ts';
import type { Schema } from '../schema/schema.ts';

/** Prints the names of services, or of the methods of one. */
export async function list(
  context: Context,
  args: readonly string[],
  flags: ListFlags,
): Promise<void> {
  const { output } = context;
  const { target, rest } = splitArguments(args, ['a service']);
  await using opened = await openSchema(context, target, flags);
  const { schema } = opened;
  const [name] = rest;
  if (name !== undefined) {
    const service = await findService(schema, name);
    if (flags.json) return output.json(serviceJson(service));
    for (const { path } of methodsOf(service)) output.line(printable(path.slice(1)));
    return;
  }
  const names = await schema.services();
  if (flags.json) return output.json({ services: await servicesJson(schema, names) });
  for (const each of names) output.line(printable(each));
  if (names.length === 0) output.note(`${schema.origin} has no services`);
}

interface ServiceJson {
  readonly name: string;
  readonly methods?: readonly {
    readonly name: string;
    readonly path: string;
    readonly kind: string;
    readonly input: string;
    readonly output: string;
    readonly deprecated?: true;
  }[];
}

async function servicesJson(schema: Schema, names: readonly string[]): Promise<ServiceJson[]> {
  const services: ServiceJson[] = [];
  for (const name of names) {
    const found = await schema.lookUp(name);
    // A server may list a service that it has no descriptor of.
    services.push(found?.kind === 'service' ? serviceJson(found) : { name });
  }
  return services;
}

function serviceJson(service: DescService): ServiceJson {
  return {
    name: service.typeName,
    methods: methodsOf(service).map(({ name, path, kind, input, output, deprecated }) => ({
      name,
      path,
      kind,
      input: input.typeName,
      output: output.typeName,
      ...(deprecated ? { deprecated } : {}),
    })),
  };
}

function methodsOf(service: DescService): ReturnType<typeof methodInfoOf>[] {
  return service.methods.map(methodInfoOf);
}
