import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { models, providerKey } from '../answers.ts';
import { measures } from '../measures.ts';
import { cores, endProcess, freePort, pinned, untilListening } from '../processes.ts';
import { type RequestShape, requestBody } from '../requests.ts';
import type { Contender, StartOptions } from './contender.ts';

const adminKey = 'benchmark-admin-key-0000000000000000';

export interface ZekeOptions extends StartOptions {
  /** The launcher. */
  command: string;
  /** More of the environment it is started with. */
  environment?: Readonly<Record<string, string>>;
}

/** What one zeke under test has beside keys and ledger. */
export interface Setup {
  name: 'zeke' | 'governed';
  /** Without its version. */
  title: string;
  /** At the end of its configuration. */
  configuration(emulatorPort: number): string;
  /** An API key, made through the admin API. */
  createKey(ask: AdminCall): Promise<string>;
  modelPrefix(shape: RequestShape): string;
  /** What its requests say beside their key. */
  headers?: Readonly<Record<string, string>>;
}

/** Asks the admin API; throws for an answer that is no success. */
export type AdminCall = (path: string, method?: string, body?: object) => Promise<unknown>;

/** zeke, and how long it took from its start to its first answer. */
export interface Zeke extends Contender {
  name: Setup['name'];
  /** Starts to a first good answer, in milliseconds, each with the database of the one before. */
  startTimesMs: number[];
  /** Rows that the ledger has. */
  ledgerRows(): Promise<number>;
}

/** zeke with keys and ledger on and no other rule. */
export function zeke(options: ZekeOptions, restarts: number): Promise<Zeke> {
  return startZeke(options, restarts, {
    name: 'zeke',
    title: 'zeke',
    configuration: () => '',
    createKey: async (ask) => secretOf(await ask('/admin/keys', 'POST', { name: 'benchmark' })),
    modelPrefix: ({ provider }) => `emulated-${provider}/`,
  });
}

/** Starts zeke as its users do, makes an API key, and starts it `restarts` times more. */
export async function startZeke(
  options: ZekeOptions,
  restarts: number,
  setup: Setup,
): Promise<Zeke> {
  const { folder, emulatorPort } = options;
  const port = freePort();
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'zeke.toml');
  await Bun.write(file, configuration(port, emulatorPort) + setup.configuration(emulatorPort));
  let child = await start(options, port);
  const key = await setup.createKey((path, method = 'GET', body) =>
    admin(port, path, method, body),
  );
  const startTimesMs: number[] = [];
  for (let count = 0; count < restarts; count++) {
    await endProcess(child);
    const startedAt = performance.now();
    child = await start(options, port);
    await firstAnswer(port, key, setup);
    startTimesMs.push(performance.now() - startedAt);
  }
  const { pid } = child;
  return {
    name: setup.name,
    title: `${setup.title} on Bun ${Bun.version}`,
    pid,
    startTimesMs,
    target: (shape) => ({
      port,
      modelPrefix: setup.modelPrefix(shape),
      headers: { authorization: `Bearer ${key}`, ...setup.headers },
    }),
    untouched: ({ dialect, provider, behaviour }) =>
      dialect === provider && behaviour !== 'refused' && behaviour !== 'raced',
    ledgerRows: () => ledgerRows(port),
    [Symbol.asyncDispose]: () => endProcess(child),
  };
}

async function start({ command, folder, environment }: ZekeOptions, port: number) {
  const logFile = join(folder, 'output.log');
  const child = Bun.spawn(
    pinned(cores.contender, [command, 'up', '--config', join(folder, 'zeke.toml')]),
    {
      cwd: folder,
      stdout: Bun.file(logFile),
      stderr: Bun.file(logFile),
      env: {
        ...process.env,
        ZEKE_HOME: folder,
        ...environment,
      },
    },
  );
  await untilListening(port, child, logFile);
  return child;
}

function configuration(port: number, emulatorPort: number): string {
  return `[server]
port = ${port}

[auth]
require_auth = true
admin_api_key = "${adminKey}"

[storage]
url = "sqlite:zeke.db"

[providers.emulated-openai]
type = "openai"
base_url = "http://127.0.0.1:${emulatorPort}/v1"
api_key = "${providerKey}"
models = ["${models.openai}"]

[providers.emulated-anthropic]
type = "anthropic"
base_url = "http://127.0.0.1:${emulatorPort}"
api_key = "${providerKey}"
models = ["${models.anthropic}"]
`;
}

/** The key that an answer of `POST /admin/keys` has. */
export function secretOf(answer: unknown): string {
  return (answer as { secret: string }).secret;
}

async function ledgerRows(port: number): Promise<number> {
  const { data } = (await admin(port, '/admin/usage?group_by=provider')) as {
    data: { calls: number }[];
  };
  return data.reduce((sum, row) => sum + row.calls, 0);
}

async function admin(port: number, path: string, method = 'GET', body?: object): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function firstAnswer(port: number, key: string, setup: Setup): Promise<void> {
  const { shape } = measures['whole-1'];
  const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: requestBody(shape, setup.modelPrefix(shape)),
  });
  if (response.status !== 200) throw new Error(`a first answer of ${response.status}`);
  await response.arrayBuffer();
}
