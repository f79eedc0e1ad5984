import { openSchema } from '../connect.ts';
import type { Context } from '../context.ts';
import { printable } from '../printable.ts';
import type { Schema } from '../schema/schema.ts';
import type { LookUpNames } from './complete.ts';

/** Somebody waits with a finger on the key. */
const limitMs = 1_500;

/** Names of the server or of the files that the command line names so far. */
export function lookUpNamesIn(context: Context): LookUpNames {
  return async ({ wanted, target, flags }) => {
    try {
      await using opened = await openSchema(context, target, { ...flags, timeout: limitMs });
      const { schema } = opened;
      const services = await schema.services();
      if (wanted === 'services') return services.map((name) => printable(name));
      return await methodsOf(schema, services);
    } catch {
      return [];
    }
  };
}

async function methodsOf(schema: Schema, services: readonly string[]): Promise<string[]> {
  const names: string[] = [];
  for (const service of services) {
    const found = await schema.lookUp(service);
    if (found?.kind !== 'service') continue;
    for (const { name } of found.methods) names.push(printable(`${service}/${name}`));
  }
  return names;
}
