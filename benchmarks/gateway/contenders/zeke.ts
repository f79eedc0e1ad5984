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

/** zeke with keys and ledger on, and how long it took from its start to its first answer. */
export interface Zeke extends Contender {
  name: 'zeke';
  /** Starts to a first good answer, in milliseconds, each with the database of the one before. */
  startTimesMs: number[];
  /** Rows that the ledger has. */
  ledgerRows(): Promise<number>;
}

/** Starts zeke as its users do, makes an API key, and starts it `restarts` times more. */
export async function zeke(options: ZekeOptions, restarts: number): Promise<Zeke> {
  const { folder } = options;
  const port = freePort();
  await mkdir(folder, { recursive: true });
  await Bun.write(join(folder, 'zeke.toml'), configuration(port, options.emulatorPort));
  let child = await start(options, port);
  const key = await createKey(port);
  const startTimesMs: number[] = [];
  for (let count = 0; count < restarts; count++) {
    await endProcess(child);
    const startedAt = performance.now();
    child = await start(options, port);
    await firstAnswer(port, key);
    startTimesMs.push(performance.now() - startedAt);
  }
  const { pid } = child;
  return {
    name: 'zeke',
    title: `zeke on Bun ${Bun.version}`,
    pid,
    startTimesMs,
    target: (shape) => ({
      port,
      modelPrefix: modelPrefix(shape),
      headers: { authorization: `Bearer ${key}` },
    }),
    untouched: ({ dialect, provider, behaviour }) =>
      dialect === provider && behaviour !== 'refused',
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

function modelPrefix({ provider }: RequestShape): string {
  return `emulated-${provider}/`;
}

async function createKey(port: number): Promise<string> {
  const answer = (await admin(port, '/admin/keys', {
    method: 'POST',
    body: JSON.stringify({ name: 'benchmark' }),
  })) as { secret: string };
  return answer.secret;
}

async function ledgerRows(port: number): Promise<number> {
  const { data } = (await admin(port, '/admin/usage?group_by=provider')) as {
    data: { calls: number }[];
  };
  return data.reduce((sum, row) => sum + row.calls, 0);
}

async function admin(port: number, path: string, init: RequestInit = {}): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function firstAnswer(port: number, key: string): Promise<void> {
  const { shape } = measures['whole-1'];
  const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: requestBody(shape, modelPrefix(shape)),
  });
  if (response.status !== 200) throw new Error(`a first answer of ${response.status}`);
  await response.arrayBuffer();
}
