import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { models, providerKey } from '../answers.ts';
import { cores, endProcess, freePort, pinned, untilListening } from '../processes.ts';
import type { Contender, StartOptions } from './contender.ts';

const requirements = join(import.meta.dirname, '../../peers/litellm/requirements.txt');
const masterKey = 'sk-benchmark-master-key';
/** It imports for many seconds. */
const startLimitMs = 120_000;

/** LiteLLM's proxy with one worker, installed on demand, a master key and no database. */
export async function litellm({ emulatorPort, folder }: StartOptions): Promise<Contender> {
  const { bin, version } = await install();
  const port = freePort();
  const logFile = join(folder, 'output.log');
  const configFile = join(folder, 'config.yaml');
  await mkdir(folder, { recursive: true });
  await Bun.write(configFile, JSON.stringify(configuration(emulatorPort)));
  const command = [join(bin, 'litellm'), '--config', configFile, '--host', '127.0.0.1'];
  const child = Bun.spawn(
    pinned(cores.contender, [...command, '--port', String(port), '--num_workers', '1']),
    {
      stdout: Bun.file(logFile),
      stderr: Bun.file(logFile),
      env: {
        ...process.env,
        // As its guide for production says; and prices come with it, so that it asks nobody else.
        LITELLM_LOG: 'ERROR',
        LITELLM_MODE: 'PRODUCTION',
        LITELLM_LOCAL_MODEL_COST_MAP: 'True',
      },
    },
  );
  await untilListening(port, child, logFile, startLimitMs);
  return {
    name: 'litellm',
    title: `LiteLLM ${version}`,
    pid: child.pid,
    target: () => ({
      port,
      modelPrefix: '',
      headers: { authorization: `Bearer ${masterKey}` },
    }),
    untouched: () => false,
    [Symbol.asyncDispose]: () => endProcess(child),
  };
}

/** As its guide for production has it: no detailed logs, and errors told at once. JSON is YAML. */
function configuration(emulatorPort: number): object {
  return {
    model_list: [
      {
        model_name: models.openai,
        litellm_params: {
          model: `openai/${models.openai}`,
          api_base: `http://127.0.0.1:${emulatorPort}/v1`,
          api_key: providerKey,
        },
      },
    ],
    litellm_settings: { set_verbose: false, num_retries: 0, telemetry: false },
    router_settings: { num_retries: 0, disable_cooldowns: true },
    general_settings: { master_key: masterKey },
  };
}

/** Installs what the requirements pin, once for each version, outside of the project. */
async function install(): Promise<{ bin: string; version: string }> {
  const text = await Bun.file(requirements).text();
  const version = /^litellm\[proxy\]==(\S+)$/m.exec(text)?.[1] ?? '';
  const root = join(tmpdir(), `zeke-benchmark-litellm-${version}`);
  const bin = join(root, 'bin');
  if (!(await Bun.file(join(root, 'installed')).exists())) {
    await run(['python3', '-m', 'venv', root]);
    await run([join(bin, 'pip'), 'install', '--quiet', '--requirement', requirements]);
    await Bun.write(join(root, 'installed'), version);
  }
  return { bin, version };
}

async function run(command: readonly string[]): Promise<void> {
  const child = Bun.spawn([...command], { stdout: 'ignore', stderr: 'inherit' });
  if ((await child.exited) !== 0) throw new Error(`${command.join(' ')} failed`);
}
