import type { DescMethod } from '@bufbuild/protobuf';
import type { Schema } from '../../schema/schema.ts';
import type { Candidate } from '../editor/line-editor.ts';

/** Services that begin so, by their full names or, where these are clear, by their last parts. */
export async function completeService(schema: Schema, written: string): Promise<Candidate[]> {
  const names = await schema.services();
  return spellings(names, written).map((text) => ({ text }));
}

/** Methods that begin so; services while there is no slash. */
export async function completeMethod(schema: Schema, written: string): Promise<Candidate[]> {
  const slash = written.indexOf('/');
  if (slash === -1) {
    const names = await schema.services();
    return spellings(names, written).map((text) => ({ text: `${text}/` }));
  }
  const prefix = written.slice(0, slash);
  const begin = written.slice(slash + 1).toLowerCase();
  const names = await schema.services();
  const full = names.find((name) => name === prefix) ?? names.find((name) => isLast(name, prefix));
  const service = full === undefined ? undefined : await schema.lookUp(full);
  if (service?.kind !== 'service') return [];
  return service.methods
    .filter(({ name }) => name.toLowerCase().startsWith(begin))
    .map((method) => ({
      text: `${prefix}/${method.name} `,
      label: method.name,
      hint: signature(method),
    }));
}

/** Everything that can be described. */
export async function completeSymbol(schema: Schema, written: string): Promise<Candidate[]> {
  if (written.includes('/')) return await completeMethod(schema, written);
  const services = await completeService(schema, written);
  const types = new Set<string>();
  for (const registry of schema.registries) {
    for (const { kind, typeName } of registry) {
      if (kind !== 'service' && typeName.startsWith(written)) types.add(typeName);
    }
  }
  return [...services, ...[...types].sort().map((text) => ({ text }))];
}

/** `GetRequest → stream Order` */
function signature({ proto, input, output }: DescMethod): string {
  const takes = `${proto.clientStreaming ? 'stream ' : ''}${input.name}`;
  return `${takes} → ${proto.serverStreaming ? 'stream ' : ''}${output.name}`;
}

/** The names as they may be written: in short where only one ends so and no dot was written. */
function spellings(names: readonly string[], written: string): string[] {
  const short = names.flatMap((name) => {
    const last = name.slice(name.lastIndexOf('.') + 1);
    const isClear = names.filter((each) => isLast(each, last)).length === 1;
    return isClear && last.toLowerCase().startsWith(written.toLowerCase()) ? [last] : [];
  });
  if (written !== '' && short.length > 0 && !written.includes('.')) return short;
  const full = names.filter((name) => name.startsWith(written));
  return written === '' ? [...full] : full.length > 0 ? full : short;
}

function isLast(name: string, last: string): boolean {
  return name === last || name.endsWith(`.${last}`);
}
