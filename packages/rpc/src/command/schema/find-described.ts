import type { DescMethod } from '@bufbuild/protobuf';
import { RpcError } from '../../rpc-error.ts';
import { didYouMean } from '../nearest.ts';
import { methodOf } from './find-symbol.ts';
import type { Described, Schema } from './schema.ts';

/**
 * What a name stands for: a service, a method, a type, or the type that has a field or value of this
 * name. The package may be left out where one fits.
 * @throws RpcError not_found with the nearest names, invalid_argument where several fit.
 */
export async function findDescribed(schema: Schema, text: string): Promise<Described | DescMethod> {
  const name = text.replace(/^[/.]/, '').replace('/', '.');
  const exact = await lookUpWithMembers(schema, name);
  if (exact !== undefined) return exact;
  const names = await allNames(schema);
  const fitting = names.filter((each) => each.endsWith(`.${name}`));
  if (fitting.length > 1) {
    throw new RpcError(
      'invalid_argument',
      `several things are called ${name}: say which of ${fitting.join(', ')}`,
    );
  }
  const [full] = fitting;
  const found = full === undefined ? undefined : await schema.lookUp(full);
  if (found !== undefined) return found;
  const dot = name.lastIndexOf('.');
  // A member of what has no package: `Orders.GetOrder`.
  const owners = dot < 0 ? [] : names.filter((each) => each.endsWith(`.${name.slice(0, dot)}`));
  for (const owner of owners) {
    const member = await lookUpWithMembers(schema, owner + name.slice(dot));
    if (member !== undefined) return member;
  }
  throw new RpcError(
    'not_found',
    `${schema.origin} has nothing called ${text}${didYouMean(name, names)}`,
  );
}

async function lookUpWithMembers(
  schema: Schema,
  name: string,
): Promise<Described | DescMethod | undefined> {
  const exact = await schema.lookUp(name);
  if (exact !== undefined) return exact;
  const dot = name.lastIndexOf('.');
  const owner = dot < 0 ? undefined : await schema.lookUp(name.slice(0, dot));
  const member = name.slice(dot + 1);
  switch (owner?.kind) {
    case 'service':
      return methodOf(owner, member);
    case 'message': {
      const names = [...owner.fields, ...owner.oneofs].map((each) => each.name);
      return names.includes(member) ? owner : undefined;
    }
    case 'enum':
      return owner.values.some((value) => value.name === member) ? owner : undefined;
    default:
      return undefined;
  }
}

/** Those of the services and of all that they need, sorted. */
async function allNames(schema: Schema): Promise<string[]> {
  const services = await schema.services();
  // A server may list services that it has no descriptors of.
  for (const service of services) await schema.lookUp(service).catch(() => undefined);
  const names = new Set(services);
  for (const registry of schema.registries) {
    for (const type of registry) names.add(type.typeName);
  }
  return [...names].sort();
}
