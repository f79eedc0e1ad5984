import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { createServer } from 'node:net';
import { join } from 'node:path';
import {
  redisServer,
  skipsWithout,
  type TestRedis,
  temporaryDirectory,
} from '@zeke/foundation/testing';
import { localNames, type TestAuthority, testAuthority } from './testing/test-authority.ts';

// Each test starts a process.
setDefaultTimeout(60_000);

const program = join(import.meta.dirname, 'testing/redis-tls-program.ts');

interface Told {
  state: { up: boolean; address: string; reason?: string };
  heard: unknown;
}

describe.skipIf(skipsWithout('redis-server'))('a Redis over TLS', () => {
  const stack = new AsyncDisposableStack();
  let authority: TestAuthority;
  let folder: string;
  let trusted: { server: TestRedis; port: number };

  beforeAll(async () => {
    folder = stack.use(await temporaryDirectory()).path;
    authority = await testAuthority();
    await Bun.write(join(folder, 'authority.pem'), authority.cert);
    trusted = await serve('plain', localNames);
  });
  afterAll(() => stack.disposeAsync());

  /** A real server that speaks nothing but TLS over TCP, with a certificate for these names. */
  async function serve(name: string, names: typeof localNames, flags: readonly string[] = []) {
    const { cert, key } = await authority.issue({ subject: `CN=${name}`, names });
    const files = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
    await Bun.write(files.cert, cert);
    await Bun.write(files.key, key);
    const port = await freePort();
    const tls = ['--tls-port', String(port), '--bind', '127.0.0.1', '--tls-auth-clients', 'no'];
    const certificate = ['--tls-cert-file', files.cert, '--tls-key-file', files.key];
    const trust = ['--tls-ca-cert-file', join(folder, 'authority.pem')];
    const server = await redisServer({ flags: [...tls, ...certificate, ...trust, ...flags] });
    return { server: stack.use(server), port };
  }

  /** What a process says that reaches for it, and trusts the authority or does not. */
  async function reach(url: string, trusts: boolean): Promise<Told> {
    const child = Bun.spawn([process.execPath, program, url], {
      env: {
        PATH: process.env.PATH ?? '',
        ...(trusts ? { NODE_EXTRA_CA_CERTS: join(folder, 'authority.pem') } : {}),
      },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'inherit',
    });
    const [text] = await Promise.all([new Response(child.stdout).text(), child.exited]);
    return JSON.parse(text) as Told;
  }

  test('is used by whoever trusts its certificate, for commands, scripts and news', async () => {
    const told = await reach(`rediss://localhost:${trusted.port}/0`, true);
    expect(told).toEqual({
      state: { up: true, address: `rediss://localhost:${trusted.port} database 0` },
      heard: ['over TLS'],
    });
  });

  test('is used by its address too, with a password', async () => {
    const flags = ['--requirepass', 'hunter2'];
    const { port } = await serve('with-password', localNames, flags);
    const told = await reach(`rediss://:hunter2@127.0.0.1:${port}`, true);
    expect(told).toMatchObject({ state: { up: true }, heard: ['over TLS'] });
    expect(JSON.stringify(told)).not.toContain('hunter2');
  });

  test('is not used by who does not trust its certificate', async () => {
    const { state } = await reach(`rediss://localhost:${trusted.port}`, false);
    expect(state.up).toBe(false);
    expect(state.reason).toMatch(/certificate/i);
  });

  test('is not used under a name that its certificate does not have', async () => {
    const { port } = await serve('other', [{ type: 'dns', value: 'cache.example' }]);
    const { state } = await reach(`rediss://localhost:${port}`, true);
    expect(state.up).toBe(false);
    expect(state.reason).toMatch(/altname|certificate/i);
  });

  test('is not talked to without TLS', async () => {
    const { state } = await reach(`redis://localhost:${trusted.port}`, true);
    expect(state.up).toBe(false);
  });
});

function freePort(): Promise<number> {
  const server = createServer();
  const { promise, reject, resolve } = Promise.withResolvers<number>();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
  });
  return promise;
}
