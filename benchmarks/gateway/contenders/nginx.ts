import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cores, endProcess, freePort, pinned, untilListening } from '../processes.ts';
import type { Contender, StartOptions } from './contender.ts';
import { directTarget } from './direct.ts';

/** The floor for proxies: nginx with one worker, as plain reverse proxy, tuned for this load. */
export async function nginx({ emulatorPort, folder }: StartOptions): Promise<Contender> {
  const port = freePort();
  const file = join(folder, 'nginx.conf');
  const logFile = join(folder, 'output.log');
  await mkdir(folder, { recursive: true });
  await Bun.write(file, configuration(port, emulatorPort, folder));
  const child = Bun.spawn(pinned(cores.contender, ['nginx', '-p', folder, '-c', file]), {
    stdout: Bun.file(logFile),
    stderr: Bun.file(logFile),
  });
  await untilListening(port, child, logFile);
  return {
    name: 'nginx',
    title: `nginx ${nginxVersion()}`,
    pid: child.pid,
    target: (shape) => directTarget(port, shape),
    untouched: () => true,
    [Symbol.asyncDispose]: () => endProcess(child),
  };
}

function nginxVersion(): string {
  const { stderr } = Bun.spawnSync(['nginx', '-v'], { stderr: 'pipe' });
  return /nginx\/([\d.]+)/.exec(stderr.toString())?.[1] ?? 'of unknown version';
}

function configuration(port: number, emulatorPort: number, folder: string): string {
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(folder, name)};`)
    .join('\n  ');
  return `${user}
daemon off;
worker_processes 1;
pid ${join(folder, 'nginx.pid')};
error_log ${join(folder, 'error.log')};
events { worker_connections 1024; }
http {
  access_log off;
  tcp_nodelay on;
  keepalive_requests 1000000000;
  client_body_buffer_size 256k;
  ${temporary}
  upstream emulator {
    server 127.0.0.1:${emulatorPort};
    keepalive 128;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://emulator;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_buffer_size 32k;
      proxy_buffers 8 32k;
    }
  }
}
`;
}
