import {
  createSecretStore,
  openKeychain,
  type ProviderType,
  type Secret,
  zekeHome,
} from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { askForKey, askForType, askForUrl } from '../ask-for-provider.ts';
import type { AddProviderFlags, ProvidersFlags } from '../commands/providers.ts';
import { loadOptions, readConfig } from '../config.ts';
import { openConfigFile, replaceConfigFile } from '../config-file.ts';
import type { Context } from '../context.ts';
import { addTable, hasTable, removeTable, type TomlValue } from '../edit-toml.ts';
import { checkedType, needsKey, tableOf } from '../provider-table.ts';
import { readSecretInput } from '../secret-input.ts';
import { unknownProvider } from './providers.ts';

/** Writes a provider into the configuration file in force; its key goes into zeke's secrets. */
export async function addProvider(
  context: Context,
  typeText: string | undefined,
  flags: AddProviderFlags,
): Promise<void> {
  const type = await typeOf(context, typeText);
  const name = flags.name ?? type;
  const file = await openConfigFile(context, flags);
  if (hasTable(file.text, ['providers', name])) {
    throw new RpcError(
      'already_exists',
      `${file.path} has a provider ${name} already: give another --name, or remove it first`,
    );
  }
  const table = await tableOf(type, await completed(context, type, flags));
  const key = await keyOf(context, type, flags);
  const store = await secretStore(context);
  const secretName = `providers/${name}`;
  if (key?.secret) await store.set(secretName, key.secret);
  const reference = key?.secret ? `secret:${secretName}` : key?.reference;
  if (reference !== undefined) table.api_key = reference;
  const unset = unsetVariable(context, flags);
  // A variable that only the server has is no fault of the file.
  const assumed = unset === undefined ? {} : { [unset]: 'assumed' };
  try {
    await replaceConfigFile(
      context,
      file,
      addTable(file.text, ['providers', name], table),
      assumed,
    );
  } catch (error) {
    if (key?.secret) await store.delete(secretName);
    throw error;
  }
  report(context, flags, { name, type, file: file.path, key: reference ?? null });
  if (unset !== undefined) {
    const { yellow } = context.output.noteStyles;
    context.output.note(
      `${yellow('warning:')} ${unset} is not set in this shell; zeke up, and every command, needs it: export ${unset}=…`,
    );
  }
}

/** Takes a provider out of the configuration file in force, and its key out of zeke's secrets. */
export async function removeProvider(
  context: Context,
  name: string,
  flags: ProvidersFlags,
): Promise<void> {
  const { output } = context;
  const file = await openConfigFile(context, flags);
  const path = ['providers', name];
  if (!hasTable(file.text, path)) {
    const { config } = await readConfig(loadOptions(context, flags));
    if (!config.providers.has(name)) throw unknownProvider(name, [...config.providers.values()]);
    throw new RpcError(
      'not_found',
      `${name} does not stand in ${file.path} but in the environment`,
    );
  }
  await replaceConfigFile(context, file, removeTable(file.text, path));
  const secretName = `providers/${name}`;
  const forgotten = await forgetKey(context, file.text, secretName);
  if (flags.json)
    return output.json({ removed: { name, file: file.path, keyForgotten: forgotten } });
  output.line(`removed ${name} from ${file.path}${forgotten ? ', and its key' : ''}`);
}

/** Also a key that an earlier zeke put into the system's keychain. */
async function forgetKey(context: Context, text: string, secretName: string): Promise<boolean> {
  const isInKeychain = text.includes(`keychain:${secretName}`);
  if (!isInKeychain && !text.includes(`secret:${secretName}`)) return false;
  const entries = isInKeychain ? await openKeychain(Bun.secrets) : undefined;
  const wasEntry = (await entries?.delete(secretName)) === true;
  return (await (await secretStore(context)).delete(secretName)) || wasEntry;
}

/** The variable of `--key-env`, where this shell does not have it. */
function unsetVariable({ environment }: Context, { keyEnv }: AddProviderFlags): string | undefined {
  return keyEnv !== undefined && !environment[keyEnv] ? keyEnv : undefined;
}

function secretStore({ environment, cwd }: Context) {
  return createSecretStore({ home: zekeHome(environment, cwd), environment });
}

async function typeOf(context: Context, text: string | undefined): Promise<ProviderType> {
  if (text !== undefined) return checkedType(text);
  if (context.interactive) return askForType();
  throw new RpcError(
    'invalid_argument',
    'say which type, as in zeke providers add openai --key-env OPENAI_API_KEY',
  );
}

/** Asks a person for the address that a type cannot do without. */
async function completed(
  { interactive }: Context,
  type: ProviderType,
  flags: AddProviderFlags,
): Promise<AddProviderFlags> {
  if (!interactive) return flags;
  if (type === 'compatible' && flags.baseUrl === undefined) {
    const baseUrl = await askForUrl(
      'Its address, with /v1 where there is one',
      'https://api.groq.com/openai/v1',
    );
    return { ...flags, baseUrl };
  }
  const endpointGiven = flags.set?.some((pair) => pair.startsWith('endpoint=')) === true;
  if (type !== 'azure' || endpointGiven) return flags;
  const endpoint = await askForUrl(
    "The resource's address",
    'https://my-resource.openai.azure.com',
  );
  return { ...flags, set: [...(flags.set ?? []), `endpoint=${endpoint}`] };
}

/** A key to be kept, or a reference to one. */
async function keyOf(
  context: Context,
  type: ProviderType,
  flags: AddProviderFlags,
): Promise<{ secret?: Secret; reference?: string } | undefined> {
  if (flags.keyEnv !== undefined) return { reference: `env:${flags.keyEnv}` };
  if (flags.keyStdin) return { secret: await readSecretInput(context.stdin) };
  const keyless = type === 'ollama' || type === 'bedrock' || type === 'vertex';
  if (context.interactive && !keyless) {
    const secret = await askForKey(needsKey(type));
    return secret === undefined ? undefined : { secret };
  }
  if (!needsKey(type)) return undefined;
  throw new RpcError(
    'invalid_argument',
    `${type} needs a key: name a variable with --key-env, or pipe the key in with --key-stdin`,
  );
}

interface Added {
  readonly name: string;
  readonly type: string;
  readonly file: string;
  readonly key: TomlValue | null;
}

function report({ output }: Context, flags: AddProviderFlags, added: Added): void {
  if (flags.json) {
    output.json({ added });
    return;
  }
  output.line(`added ${added.name} to ${added.file}`);
  if (String(added.key).startsWith('secret:')) {
    output.note('its key is in secrets.json, encrypted');
  }
  output.note(`to try it: zeke providers test ${added.name}`);
}
