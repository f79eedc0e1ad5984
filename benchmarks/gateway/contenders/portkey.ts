import { copyFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cores, endProcess, freePort, pinned, untilListening } from '../processes.ts';
import type { Contender, StartOptions } from './contender.ts';
import { directTarget } from './direct.ts';

const manifest = join(import.meta.dirname, '../../peers/portkey/package.json');

/** Portkey's gateway on Node, installed on demand, asked as its documentation says. */
export async function portkey({ emulatorPort, folder }: StartOptions): Promise<Contender> {
  const installed = await install();
  const port = freePort();
  const logFile = join(folder, 'output.log');
  await mkdir(folder, { recursive: true });
  const entry = join(installed.folder, 'build/start-server.js');
  const child = Bun.spawn(
    pinned(cores.contender, ['node', entry, `--port=${port}`, '--headless']),
    {
      stdout: Bun.file(logFile),
      stderr: Bun.file(logFile),
      env: { ...process.env, NODE_ENV: 'production' },
    },
  );
  await untilListening(port, child, logFile);
  const node = Bun.spawnSync(['node', '--version']).stdout.toString().trim();
  return {
    name: 'portkey',
    title: `Portkey ${installed.version} on Node ${node.replace('v', '')}`,
    pid: child.pid,
    target: (shape) => {
      const { headers } = directTarget(port, shape);
      return {
        port,
        modelPrefix: '',
        headers: {
          ...headers,
          'x-portkey-provider': shape.provider,
          'x-portkey-custom-host': `http://127.0.0.1:${emulatorPort}/v1`,
        },
      };
    },
    untouched: () => false,
    [Symbol.asyncDispose]: () => endProcess(child),
  };
}

interface Manifest {
  version: string;
  dependencies: Record<string, string>;
}

/** Installs what the manifest pins, once for each version, outside of the project. */
async function install(): Promise<{ folder: string; version: string }> {
  const name = '@portkey-ai/gateway';
  const wanted = ((await Bun.file(manifest).json()) as Manifest).dependencies[name] ?? '';
  const root = join(tmpdir(), `zeke-benchmark-portkey-${wanted}`);
  const folder = join(root, 'node_modules', name);
  if (!(await Bun.file(join(folder, 'package.json')).exists())) {
    await mkdir(root, { recursive: true });
    await copyFile(manifest, join(root, 'package.json'));
    const npm = Bun.spawn(['npm', 'install', '--omit=dev', '--no-audit', '--no-fund'], {
      cwd: root,
      stdout: 'ignore',
      stderr: 'inherit',
    });
    if ((await npm.exited) !== 0) throw new Error(`npm could not install ${name} ${wanted}`);
  }
  const { version } = (await Bun.file(join(folder, 'package.json')).json()) as Manifest;
  return { folder, version };
}
