import { createSecretStore, providerTypes, zekeHome } from '@zeke/foundation';
import type { Command } from 'commander';
import { findServer, openClient } from '../client.ts';
import { shells } from '../commands/completion.ts';
import { type Candidate, complete, formatCandidate, type LookUp } from '../complete.ts';
import { loadOptions, readConfig } from '../config.ts';
import type { Context } from '../context.ts';
import type { Entity, EntityKind } from '../entities.ts';
import type { ApiKey } from './keys.ts';

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
  const found = await candidates(context, program, args.slice(1));
  for (const candidate of found) context.output.line(formatCandidate(shell, candidate));
}

async function candidates(
  context: Context,
  program: Command,
  words: readonly string[],
): Promise<Candidate[]> {
  if (words[0] !== 'rpc' || words.length === 1) {
    return await complete(program, words, lookUpIn(context));
  }
  const { completeWords, createContext } = await import('@zeke/rpc/command');
  return await completeWords(createContext(process, { name: 'zeke rpc' }), words.slice(1));
}

function lookUpIn(context: Context): LookUp {
  return async (kind) => {
    try {
      switch (kind) {
        case 'provider-types':
          return providerTypes;
        case 'usage-groups':
          return ['day', 'key', 'owner', 'org', 'team', 'user', 'model', 'provider'];
        case 'models':
          return await listedModels(context);
        case 'keys':
          return await usableKeys(context);
        case 'orgs':
        case 'teams':
        case 'users':
          return await entityNames(context, kind);
        case 'secrets':
          return await secretNames(context);
        case 'mcp-servers':
          return await mcpServers(context);
        case 'providers':
          return await providersOf(context);
        case 'written-providers':
          return await writtenProviders(context);
      }
    } catch {
      return [];
    }
  };
}

async function listedModels(context: Context): Promise<string[]> {
  const answer = await ask<{ data: { id: string }[] }>(context, '/v1/models');
  return answer?.data.map(({ id }) => id) ?? [];
}

/** Ids, and names that are one word. */
async function usableKeys(context: Context): Promise<string[]> {
  const answer = await ask<{ data: ApiKey[] }>(context, '/admin/keys');
  return namesAndIds(answer?.data.filter(({ revokedAtMs }) => revokedAtMs === undefined) ?? []);
}

async function entityNames(context: Context, kind: EntityKind): Promise<string[]> {
  const answer = await ask<{ data: Entity[] }>(context, `/admin/${kind}`);
  return namesAndIds(answer?.data ?? []);
}

function namesAndIds(all: readonly { name: string; id: string }[]): string[] {
  const names = all.map(({ name }) => name).filter((name) => /^[\w.@-]+$/.test(name));
  return [...new Set(names), ...all.map(({ id }) => id)];
}

/** Those of the server that runs, which may have found some; else those that are written down. */
async function providersOf(context: Context): Promise<string[]> {
  const answer = await ask<{ providers: { name: string }[] }>(context, '/status');
  return answer?.providers.map(({ name }) => name) ?? (await writtenProviders(context));
}

async function secretNames({ environment, cwd }: Context): Promise<string[]> {
  const store = await createSecretStore({ home: zekeHome(environment, cwd), environment });
  return (await store.list()).map(({ name }) => name);
}

async function writtenProviders(context: Context): Promise<string[]> {
  const { config } = await readConfig(loadOptions(context, {}));
  return [...config.providers.keys()];
}

async function mcpServers(context: Context): Promise<string[]> {
  const { config } = await readConfig(loadOptions(context, {}));
  return [...config.mcp.servers.keys()];
}

/** Asks a running server only: putting a gateway together takes too long here. */
async function ask<Answer>(context: Context, path: string): Promise<Answer | undefined> {
  if (!context.environment.ZEKE_URL) {
    const { config } = await readConfig(loadOptions(context, {}));
    if ((await findServer(config, {}, context.interrupts.signal)) === undefined) return undefined;
  }
  await using client = await openClient(context, {});
  const signal = AbortSignal.timeout(lookUpLimitMs);
  return client.json<Answer>(path, { signal });
}
