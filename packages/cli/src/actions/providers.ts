import { RpcError } from '@zeke/rpc';
import { openClient } from '../client.ts';
import type { ProvidersFlags } from '../commands/providers.ts';
import { loadOptions, readConfig } from '../config.ts';
import type { Context } from '../context.ts';
import { isEmulated } from '../emulated.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';

interface Status {
  providers: { name: string; type: string; local: boolean; keys?: number }[];
}

/** One of several keys of a provider. */
interface ProbedKey {
  key: string;
  fingerprint: string;
  status: 'ready' | 'resting' | 'refused';
}

/** A provider as `/admin/providers` tells how it answered. */
type Probe = { name: string; type: string; local: boolean; keys?: ProbedKey[] } & (
  | { status: 'ok'; latencyMs: number; models: number }
  | { status: 'failed'; error: { code: string; message: string } }
);

/** Lists the providers in force, and where each is written. */
export async function listProviders(context: Context, flags: ProvidersFlags): Promise<void> {
  const { output } = context;
  await using client = await openClient(context, flags);
  const { providers } = await client.json<Status>('/status');
  const elsewhere = Boolean(context.environment.ZEKE_URL);
  const sources = elsewhere ? new Map() : await writtenSources(context, flags);
  const known = providers.map(({ keys, name, type }) => ({
    name,
    type,
    ...(keys === undefined ? {} : { keys }),
    source: isEmulated(name) ? 'emulated' : (sources.get(name) ?? (elsewhere ? '-' : 'found')),
  }));
  if (flags.json) return output.json({ providers: known });
  if (known.length === 0) {
    return output.note(
      'there is no provider yet: zeke providers add, or set a key such as OPENAI_API_KEY',
    );
  }
  output.table(
    ['NAME', 'TYPE', 'FROM'],
    known.map(({ keys, name, type, source }) => [
      name,
      type,
      keys === undefined ? source : `${source}, ${keys} keys`,
    ]),
  );
}

/** Asks providers for their models, which shows address and key to be right. */
export async function testProviders(
  context: Context,
  name: string | undefined,
  flags: ProvidersFlags,
): Promise<ExitCode> {
  const { output } = context;
  await using client = await openClient(context, flags);
  const { data } = await client.json<{ data: Probe[] }>('/admin/providers');
  const probes = name === undefined ? data : data.filter((each) => each.name === name);
  if (name !== undefined && probes.length === 0) throw unknownProvider(name, data);
  if (flags.json) {
    output.json({ providers: probes.map(withoutDialects) });
  } else if (probes.length === 0) {
    output.note(
      'there is no provider yet: zeke providers add, or set a key such as OPENAI_API_KEY',
    );
  } else {
    tellProbes(probes, context);
  }
  return exitCodeOfProbes(probes);
}

/** That there is no such provider, with the names there are. */
export function unknownProvider(name: string, known: readonly { name: string }[]): RpcError {
  const names = known.map((each) => each.name).join(', ');
  return new RpcError(
    'not_found',
    `there is no provider ${name}${names === '' ? '' : `; there are ${names}`}`,
  );
}

function withoutDialects(probe: Probe) {
  const { name, type } = probe;
  const keys = probe.keys ? { keys: probe.keys } : {};
  return probe.status === 'ok'
    ? {
        name,
        type,
        status: probe.status,
        latencyMs: probe.latencyMs,
        models: probe.models,
        ...keys,
      }
    : { name, type, status: probe.status, error: probe.error, ...keys };
}

function tellProbes(probes: readonly Probe[], { output }: Context): void {
  const { green, red } = output.styles;
  const style = (status: string) => (status === 'ok' ? green(status) : red(status));
  output.table(
    [
      { title: 'STATUS', style },
      'NAME',
      { title: 'MODELS', align: 'right' },
      { title: 'MS', align: 'right' },
      'WHAT IS WRONG',
    ],
    probes.flatMap((probe) => [
      probe.status === 'ok'
        ? [probe.status, probe.name, String(probe.models), String(probe.latencyMs), '']
        : [probe.status, probe.name, '', '', probe.error.message],
      ...(probe.keys ?? []).map((each) => keyRow(probe.name, each)),
    ]),
  );
}

function keyRow(provider: string, { fingerprint, key, status }: ProbedKey): string[] {
  const name = `${provider}, key ${key} (${fingerprint})`;
  if (status === 'refused') return ['failed', name, '', '', 'the provider refuses the key'];
  return [status === 'ready' ? 'ok' : status, name, '', '', ''];
}

function exitCodeOfProbes(probes: readonly Probe[]): ExitCode {
  const codes = probes.flatMap((probe) => (probe.status === 'failed' ? [probe.error.code] : []));
  if (codes.length === 0) return exitCodes.ok;
  const refused = codes.every((code) => code === 'unauthenticated' || code === 'permission_denied');
  return refused ? exitCodes.unauthorized : exitCodes.unreachable;
}

/** Where each configured provider is written: `zeke.toml:12` or a variable. */
async function writtenSources(
  context: Context,
  flags: ProvidersFlags,
): Promise<Map<string, string>> {
  const { entries } = await readConfig(loadOptions(context, flags));
  const sources = new Map<string, string>();
  for (const { path, source } of entries()) {
    const written = /^providers\.("[^"]+"|[^.]+)\./.exec(path)?.[1];
    const name = written?.startsWith('"') ? JSON.parse(written) : written;
    if (name !== undefined && !sources.has(name)) sources.set(name, source);
  }
  return sources;
}
