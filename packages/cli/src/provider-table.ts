import {
  type ConfigKey,
  listConfigKeys,
  nearest,
  type ProviderType,
  providerTypes,
} from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { AddProviderFlags } from './commands/providers.ts';
import type { TomlValue } from './edit-toml.ts';

/** The type that was named. Throws `invalid_argument` with the nearest, or with all. */
export function checkedType(text: string): ProviderType {
  const known = providerTypes.find((type) => type === text);
  if (known !== undefined) return known;
  const near = nearest(text, providerTypes, 1)[0];
  const hint =
    near === undefined ? `the types are ${providerTypes.join(', ')}` : `did you mean ${near}?`;
  throw new RpcError('invalid_argument', `${text} is no type of provider: ${hint}`);
}

/** True for types that never work without a key. */
export function needsKey(type: ProviderType): boolean {
  return type === 'openai' || type === 'anthropic' || type === 'gemini' || type === 'xai';
}

/** A provider's table as flags describe it, without its key. Throws `invalid_argument` for a wrong `--set`. */
export async function tableOf(
  type: ProviderType,
  flags: Pick<AddProviderFlags, 'baseUrl' | 'models' | 'set'>,
): Promise<Record<string, TomlValue>> {
  const keys = await listConfigKeys();
  return {
    type,
    ...(flags.baseUrl === undefined ? {} : { base_url: flags.baseUrl }),
    ...(flags.models === undefined ? {} : { models: flags.models }),
    ...Object.fromEntries((flags.set ?? []).map((pair) => assignment(pair, type, keys))),
  };
}

function assignment(
  pair: string,
  type: ProviderType,
  keys: readonly ConfigKey[],
): [string, TomlValue] {
  const at = pair.indexOf('=');
  if (at < 1) throw new RpcError('invalid_argument', `--set ${pair}: write it as key=value`);
  const name = pair.slice(0, at).trim();
  const text = pair.slice(at + 1).trim();
  const fitting = keys.filter((key) => key.providerTypes?.includes(type));
  const key = fitting.find(({ path }) => path === `providers.<name>.${name}`);
  if (key === undefined) {
    const names = fitting.map(({ path }) => path.slice('providers.<name>.'.length));
    throw new RpcError(
      'invalid_argument',
      `--set ${name}: ${type} has no such key, but ${names.join(', ')}`,
    );
  }
  return [name, parsedValue(name, text, key)];
}

function parsedValue(name: string, text: string, { type }: ConfigKey): TomlValue {
  switch (type) {
    case 'secret':
      if (/^(env|file|secret|keychain|vault):./.test(text)) return text;
      throw new RpcError(
        'invalid_argument',
        `--set ${name}: a secret is no argument, other users could read it; write env:NAME or file:PATH`,
      );
    case 'integer':
    case 'number':
      return Number(text);
    case 'boolean':
      return text === 'true';
    case 'list':
      return text.split(',').map((each) => each.trim());
    case 'table':
      throw new RpcError(
        'invalid_argument',
        `--set ${name}: write this table into zeke.toml by hand`,
      );
    case 'text':
      return text;
  }
}
