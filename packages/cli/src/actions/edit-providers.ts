import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createSecretStore,
  formatFault,
  loadConfig,
  openKeychain,
  type ProviderType,
  type Secret,
  writeFileAtomically,
  zekeHome,
} from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { askForKey, askForType, askForUrl } from '../ask-for-provider.ts';
import type { AddProviderFlags, ProvidersFlags } from '../commands/providers.ts';
import { loadOptions, readConfig } from '../config.ts';
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
  const file = await openFile(context, flags);
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
    await replaceFile(context, file, addTable(file.text, ['providers', name], table), assumed);
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
  const file = await openFile(context, flags);
  const path = ['providers', name];
  if (!hasTable(file.text, path)) {
    const { config } = await readConfig(loadOptions(context, flags));
    if (!config.providers.has(name)) throw unknownProvider(name, [...config.providers.values()]);
    throw new RpcError(
      'not_found',
      `${name} does not stand in ${file.path} but in the environment`,
    );
  }
  await replaceFile(context, file, removeTable(file.text, path));
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

interface ConfigFile {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

/** The file in force; the one in `$ZEKE_HOME`, still empty, where there is none. */
async function openFile(context: Context, flags: ProvidersFlags): Promise<ConfigFile> {
  const { config } = await readConfig(loadOptions(context, flags));
  const path = config.file ?? join(zekeHome(context.environment, context.cwd), 'zeke.toml');
  if (config.file === undefined) return { path, text: '', mode: 0o600 };
  const { mode } = await stat(path);
  return { path, text: await readFile(path, 'utf8'), mode: mode & 0o777 };
}

/** Puts a new text in place, once it is known to have no fault where the assumed variables are set. */
async function replaceFile(
  context: Context,
  file: ConfigFile,
  text: string,
  assumed: Readonly<Record<string, string>> = {},
): Promise<void> {
  const draft = `${file.path}.draft-${process.pid}`;
  try {
    await writeFileAtomically(draft, text, 0o600);
    const result = await loadConfig(loadOptions(context, { config: draft }, assumed));
    if (!result.ok) {
      const faults = result.faults.map((fault) => formatFault(fault).replaceAll(draft, file.path));
      throw new RpcError('invalid_argument', ['nothing was changed:', ...faults].join('\n  '));
    }
    await writeFileAtomically(file.path, text, file.mode);
  } catch (cause) {
    if (cause instanceof RpcError) throw cause;
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new RpcError('failed_precondition', `${file.path} cannot be written (${reason})`, {
      cause,
    });
  } finally {
    await rm(draft, { force: true }).catch(() => {});
  }
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
