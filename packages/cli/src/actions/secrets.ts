import {
  createSecretStore,
  formatFault,
  loadConfig,
  type Secret,
  type SecretFacts,
  type SecretStore,
  zekeHome,
} from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { askForSecret } from '../ask-for-secret.ts';
import type { SecretsFlags } from '../commands/secrets.ts';
import { loadOptions } from '../config.ts';
import type { Context } from '../context.ts';

/** Keeps a value, the first one of its name or the next. */
export async function setSecret(context: Context, name: string, flags: SecretsFlags) {
  await keep(context, await openStore(context), name, flags);
}

/** Keeps the next value of a secret that is there. */
export async function rotateSecret(context: Context, name: string, flags: SecretsFlags) {
  const store = await openStore(context);
  await factsOf(store, name);
  await keep(context, store, name, flags);
}

/** Prints a value into a pipe, or where it is to be shown; on a terminal else what is known of it. */
export async function getSecret(context: Context, name: string, flags: SecretsFlags) {
  const { output } = context;
  const store = await openStore(context);
  const facts = await factsOf(store, name);
  const shown = flags.reveal === true || (!output.isTerminal && !flags.json);
  const value = await store.get(name);
  if (value === undefined) throw noSecret(name);
  if (shown) {
    const detail = { version: facts.version };
    await audit(context, flags, { action: 'secret.read', objectId: name, detail });
  }
  if (flags.json)
    output.json({ secret: { ...facts, ...(shown ? { value: value.reveal() } : {}) } });
  else if (shown) output.write(output.isTerminal ? `${value.reveal()}\n` : value.reveal());
  else {
    output.line(`${name}, version ${facts.version}, of ${age(facts.updatedAtMs)} ago`);
    output.note('--reveal shows its value');
  }
}

/** Prints what is kept, without any value. */
export async function listSecrets(context: Context, flags: SecretsFlags) {
  const { output } = context;
  const secrets = await (await openStore(context)).list();
  if (flags.json) return output.json({ secrets });
  if (secrets.length === 0) {
    return output.note('there is no secret yet: zeke secrets set <name> keeps one');
  }
  output.table(
    ['NAME', { title: 'VERSION', align: 'right' }, { title: 'AGE', align: 'right' }, 'SINCE'],
    secrets.map(({ name, version, createdAtMs, updatedAtMs }) => [
      name,
      String(version),
      age(updatedAtMs),
      createdAtMs === 0 ? '-' : new Date(createdAtMs).toISOString().slice(0, 10),
    ]),
  );
}

/** Puts a new master key in the place of the old one. */
export async function rotateMasterKey(context: Context, flags: SecretsFlags) {
  const { output } = context;
  const rotation = await (await openStore(context)).rotate();
  await audit(context, flags, {
    action: 'secret.rotate-master-key',
    detail: { id: rotation.id, place: rotation.place, secrets: rotation.secrets },
  });
  if (flags.json) return output.json({ masterKey: rotation });
  const place = { keychain: 'the keychain', file: 'secrets.key', environment: 'ZEKE_SECRETS_KEY' };
  output.line(
    `the new master key ${rotation.id}, in ${place[rotation.place]}, seals ${counted(rotation.secrets)}`,
  );
}

/** Forgets a secret, and tells where the configuration still refers to it. */
export async function deleteSecret(context: Context, name: string, flags: SecretsFlags) {
  const { output } = context;
  // Afterwards a configuration that refers to it cannot be loaded any more.
  const before = await loadConfig(loadOptions(context, flags));
  if (!(await (await openStore(context)).delete(name))) throw noSecret(name);
  await audit(context, flags, { action: 'secret.delete', objectId: name, detail: {} }, before);
  const entries = before.ok ? before.entries() : [];
  const places = entries.filter(({ value }) => value === `secret:${name}`).map(({ path }) => path);
  if (flags.json) output.json({ deleted: { name, referredToBy: places } });
  else output.line(`deleted ${name}`);
  if (places.length > 0) {
    const { yellow } = output.noteStyles;
    output.note(`${yellow('warning:')} the configuration refers to it: ${places.join(', ')}`);
  }
}

async function keep(context: Context, store: SecretStore, name: string, flags: SecretsFlags) {
  const { output } = context;
  const value: Secret = await askForSecret(context, name);
  const facts = await store.set(name, value);
  const { version } = facts;
  await audit(context, flags, { action: 'secret.set', objectId: name, detail: { version } });
  if (flags.json) return output.json({ secret: facts });
  output.line(`kept ${name}, version ${version}`);
  if (version === 1) output.note(`zeke.toml names it as "secret:${name}"`);
}

function openStore({ environment, cwd }: Context): Promise<SecretStore> {
  return createSecretStore({ home: zekeHome(environment, cwd), environment });
}

async function factsOf(store: SecretStore, name: string): Promise<SecretFacts> {
  const facts = (await store.list()).find((each) => each.name === name);
  if (facts === undefined) throw noSecret(name);
  return facts;
}

function noSecret(name: string): RpcError {
  return new RpcError(
    'not_found',
    `there is no secret called ${JSON.stringify(name)}: zeke secrets list shows what there is`,
  );
}

interface Deed {
  readonly action: string;
  readonly objectId?: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Who may do this has the machine, so a log that cannot be written holds nothing up. */
async function audit(
  context: Context,
  flags: SecretsFlags,
  deed: Deed,
  loaded?: Awaited<ReturnType<typeof loadConfig>>,
): Promise<void> {
  const result = loaded ?? (await loadConfig(loadOptions(context, flags)));
  try {
    if (!result.ok) throw new Error(result.faults.map(formatFault).join('; '));
    const { auditLocally } = await import('@zeke/daemon');
    await auditLocally(result.config, { objectKind: 'secret', outcome: 'ok', ...deed });
  } catch (error) {
    const { yellow } = context.output.noteStyles;
    const reason = error instanceof Error ? error.message : String(error);
    context.output.note(`${yellow('warning:')} this is not on the audit log: ${reason}`);
  }
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
] as const;

function age(sinceMs: number): string {
  if (sinceMs === 0) return '-';
  const ms = Math.max(0, Date.now() - sinceMs);
  const [unit, length] = units.find(([, each]) => ms >= each) ?? ['s', 1_000];
  return `${Math.floor(ms / length)} ${unit}`;
}

function counted(secrets: number): string {
  return secrets === 1 ? '1 secret' : `${secrets} secrets`;
}
