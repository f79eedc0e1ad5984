import { providerTypes } from '@zeke/foundation';
import type { Command } from 'commander';
import { findServer, openClient } from '../client.ts';
import { shells } from '../commands/completion.ts';
import { complete, formatCandidate, type LookUp } from '../complete.ts';
import { loadOptions, readConfig } from '../config.ts';
import type { Context } from '../context.ts';

/** Somebody waits with a finger on the key. */
const lookUpLimitMs = 1_500;

/** `zeke __complete <shell> <words…>`, which the completion scripts call. */
export async function printCandidates(
  context: Context,
  program: Command,
  args: readonly string[],
): Promise<void> {
  const shell = shells.find((each) => each === args[0]);
  if (shell === undefined) return;
  const found = await complete(program, args.slice(1), lookUpIn(context));
  for (const candidate of found) context.output.line(formatCandidate(shell, candidate));
}

function lookUpIn(context: Context): LookUp {
  return async (kind) => {
    try {
      switch (kind) {
        case 'provider-types':
          return providerTypes;
        case 'usage-groups':
          return ['day', 'key', 'owner', 'model', 'provider'];
        case 'models':
          return await ask<{ id: string }>(context, '/v1/models', 'id');
        case 'keys':
          return await ask<{ id: string }>(context, '/admin/keys', 'id');
        case 'providers': {
          const { config } = await readConfig(loadOptions(context, {}));
          return [...config.providers.keys()];
        }
      }
    } catch {
      return [];
    }
  };
}

/** Asks a running server only: putting a gateway together takes too long here. */
async function ask<T>(context: Context, path: string, field: keyof T): Promise<string[]> {
  if (!context.environment.ZEKE_URL) {
    const { config } = await readConfig(loadOptions(context, {}));
    if ((await findServer(config, {}, context.interrupts.signal)) === undefined) return [];
  }
  await using client = await openClient(context, {});
  const signal = AbortSignal.timeout(lookUpLimitMs);
  const { data } = await client.json<{ data: T[] }>(path, { signal });
  return data.map((each) => String(each[field]));
}
