import type { DescMethod, FileRegistry } from '@bufbuild/protobuf';
import { RpcError } from '../../rpc-error.ts';
import { printable } from '../printable.ts';
import type { Described, Schema } from '../schema/schema.ts';
import { printDeclaration } from './print-declaration.ts';
import type { ProtoText } from './proto-text.ts';

/** The services of a schema that have descriptors. */
export async function allServices(schema: Schema): Promise<Described[]> {
  const services: Described[] = [];
  for (const name of await schema.services()) {
    const found = await schema.lookUp(name);
    if (found !== undefined) services.push(found);
  }
  return services;
}

/** Prints declarations, an empty line between two. With a method come its messages. */
export function printDescribed(
  text: ProtoText,
  schema: Schema,
  found: readonly (Described | DescMethod)[],
): void {
  for (const [i, desc] of found.flatMap(withMessages).entries()) {
    if (i > 0) text.line('');
    printDeclaration(text, desc, registryOf(schema, desc));
  }
}

/** A method on a line: its name, what it takes and what it answers. */
export function methodLine(
  { name, parent, proto, input, output }: DescMethod,
  dim: (text: string) => string,
): string {
  const takes = `${proto.clientStreaming ? 'stream ' : ''}${input.name}`;
  const answers = `${proto.serverStreaming ? 'stream ' : ''}${output.name}`;
  return `${printable(`${parent.typeName}/${name}`)}  ${dim(printable(`${takes} → ${answers}`))}`;
}

/** Who asks for a method wants to call it. */
function withMessages(desc: Described | DescMethod): (Described | DescMethod)[] {
  return desc.kind === 'rpc' ? [...new Set([desc, desc.input, desc.output])] : [desc];
}

function registryOf({ registries }: Schema, desc: Described | DescMethod): FileRegistry {
  const declared = desc.kind === 'rpc' ? desc.parent : desc;
  const registry = registries.find((each) => each.get(declared.typeName) === declared);
  if (registry !== undefined) return registry;
  throw new RpcError('internal', `${declared.typeName} is in no registry`);
}
