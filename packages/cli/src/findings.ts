import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  formatFault,
  loadConfig,
  type ResolvedConfig,
  type TlsConfig,
  zekeHome,
} from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { findServer, type GatewayClient, openClient } from './client.ts';
import { type ConfigFlags, loadOptions } from './config.ts';
import type { Context } from './context.ts';

/** What one check found. */
export interface Finding {
  /** What was looked at. */
  readonly what: string;
  readonly status: 'ok' | 'warning' | 'failed';
  readonly detail: string;
  /** What to do, where something is to be done. */
  readonly advice?: string;
}

/** Checks one thing after the other, as far as it makes sense. */
export async function* findings(context: Context, flags: ConfigFlags): AsyncGenerator<Finding> {
  yield await checkBun();
  yield* checkFiles(zekeHome(context.environment, context.cwd));
  yield await checkSandbox(context);
  const result = await loadConfig(loadOptions(context, flags));
  if (!result.ok) {
    for (const fault of result.faults) {
      yield {
        what: 'configuration',
        status: 'failed',
        detail: formatFault(fault),
        advice: 'correct it, then run zeke config check',
      };
    }
    return;
  }
  for (const warning of result.warnings) {
    yield { what: 'configuration', status: 'warning', detail: formatFault(warning) };
  }
  const { config } = result;
  yield {
    what: 'configuration',
    status: 'ok',
    detail: config.file ?? 'no zeke.toml; defaults and environment',
  };
  if (config.server.tls !== undefined) yield* checkTls(config.server.tls);
  yield await checkServer(config, flags, context);
  yield* checkGateway(context, flags);
}

/** The version that everything is tested with stands in the root's package.json. */
async function checkBun(): Promise<Finding> {
  const manifest = Bun.file(new URL('../../../package.json', import.meta.url));
  const wanted = await manifest.json().then(
    ({ devDependencies }) => devDependencies?.bun as string | undefined,
    () => undefined,
  );
  if (wanted === undefined || wanted === Bun.version) {
    return { what: 'bun', status: 'ok', detail: Bun.version };
  }
  return {
    what: 'bun',
    status: 'warning',
    detail: `${Bun.version} runs, ${wanted} is what zeke is tested with`,
    advice: 'start it with the zeke script of the repository, which takes the right one',
  };
}

/** What confines commands of the assistant. */
async function checkSandbox({ environment }: Context): Promise<Finding> {
  const what = 'sandbox';
  const { describeSandbox, findSandbox } = await import('@zeke/daemon/permissions');
  const found = await findSandbox(environment.PATH);
  const detail = describeSandbox(found, {});
  if (found.kind !== 'none') return { what, status: 'ok', detail };
  const advice = 'without it only permissions stand between a command and this system';
  return { what, status: 'warning', detail, advice };
}

/** What in `$ZEKE_HOME` nobody else may read. */
const privateFiles = ['zeke.toml', 'zeke.db', 'secrets.json', 'secrets.key'];

async function* checkFiles(home: string): AsyncGenerator<Finding> {
  const folder = await stat(home).catch((error: NodeJS.ErrnoException) => error);
  if (folder instanceof Error) {
    yield folder.code === 'ENOENT'
      ? {
          what: 'files',
          status: 'ok',
          detail: `${home} is not there yet; the first start makes it`,
        }
      : {
          what: 'files',
          status: 'failed',
          detail: `${home} cannot be used (${folder.code})`,
          advice: 'set ZEKE_HOME to a folder that you may write',
        };
    return;
  }
  if (!folder.isDirectory()) {
    yield {
      what: 'files',
      status: 'failed',
      detail: `${home} is no folder`,
      advice: 'set ZEKE_HOME to a folder that you may write',
    };
    return;
  }
  const open: string[] = [];
  for (const name of privateFiles) {
    const path = join(home, name);
    const { mode } = await stat(path).catch(() => ({ mode: 0 }));
    if ((mode & 0o077) !== 0) open.push(path);
  }
  yield open.length === 0
    ? { what: 'files', status: 'ok', detail: `${home}, for you alone` }
    : {
        what: 'files',
        status: 'warning',
        detail: `other users may read ${open.join(', ')}`,
        advice: `chmod 600 ${open.join(' ')}`,
      };
}

/** The server that commands talk to; where none runs, whether one could. */
/** The files as a start would read them. */
async function* checkTls(tls: TlsConfig): AsyncGenerator<Finding> {
  const what = 'tls';
  const { readTls } = await import('@zeke/daemon');
  const result = await readTls(tls, Date.now());
  if (!result.ok) {
    const advice = 'zeke up does not start with them, and a running one keeps the old ones';
    for (const detail of result.faults) yield { what, status: 'failed', detail, advice };
    return;
  }
  for (const detail of result.warnings) yield { what, status: 'warning', detail };
  const { expiresAtMs, subject } = result.certificate;
  yield { what, status: 'ok', detail: `${subject}, until ${new Date(expiresAtMs).toISOString()}` };
}

async function checkServer(
  config: ResolvedConfig,
  flags: ConfigFlags,
  { interrupts }: Context,
): Promise<Finding> {
  const server = await findServer(config, flags, interrupts.signal);
  if (server !== undefined) {
    const process = server.pid === undefined ? '' : `, process ${server.pid}`;
    return { what: 'server', status: 'ok', detail: `zeke runs at ${server.url}${process}` };
  }
  const { host, port } = config.server;
  if (port === 0)
    return { what: 'port', status: 'ok', detail: 'the system chooses one at every start' };
  try {
    const probe = Bun.listen({
      hostname: host.replace(/^\[|\]$/g, ''),
      port,
      socket: { data() {} },
    });
    probe.stop(true);
    return { what: 'port', status: 'ok', detail: `${host}:${port} is free` };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return {
      what: 'port',
      status: 'failed',
      detail:
        code === 'EADDRINUSE'
          ? `another program listens on ${host}:${port}`
          : `${host}:${port} cannot be had (${code})`,
      advice: 'stop that program, or set server.port, or start with zeke up --port',
    };
  }
}

/** Database and providers, as the running gateway sees them, or as one put together here does. */
async function* checkGateway(context: Context, flags: ConfigFlags): AsyncGenerator<Finding> {
  let client: GatewayClient;
  try {
    client = await openClient(context, flags);
  } catch (reason) {
    yield {
      what: 'database',
      status: 'failed',
      detail: RpcError.from(reason).message,
      advice: 'correct storage.url or ZEKE_HOME',
    };
    return;
  }
  await using opened = client;
  try {
    const { storage } = await opened.json<{ storage: string }>('/status');
    yield { what: 'database', status: 'ok', detail: `${storage} answers` };
    yield* checkProviders(opened);
  } catch (reason) {
    const { code, message } = RpcError.from(reason);
    const refused = code === 'unauthenticated' || code === 'permission_denied';
    const advice = refused
      ? 'set ZEKE_API_KEY, or auth.admin_api_key, to a key with the scope admin'
      : 'look into its log';
    yield { what: 'gateway', status: 'failed', detail: message, advice };
  }
}

interface Probe {
  readonly name: string;
  readonly status: 'ok' | 'failed';
  readonly models?: number;
  readonly error?: { message: string };
}

async function* checkProviders(client: GatewayClient): AsyncGenerator<Finding> {
  const { data } = await client.json<{ data: Probe[] }>('/admin/providers');
  if (data.length === 0) {
    yield {
      what: 'providers',
      status: 'warning',
      detail: 'there is none yet',
      advice: 'zeke providers add, or set a key such as OPENAI_API_KEY, or zeke up --demo',
    };
  }
  for (const { name, status, models, error } of data) {
    yield status === 'ok'
      ? { what: `provider ${name}`, status, detail: `${models} models` }
      : {
          what: `provider ${name}`,
          status: 'warning',
          detail: error?.message ?? 'it does not answer',
          advice: `look at its key and address, then run zeke providers test ${name}`,
        };
  }
}
