import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { temporaryDirectory } from '../testing/temporary-directory.ts';
import { type TestCertificates, testCertificates } from './testing/certificates.ts';
import { plainAnswer } from './testing/scripted-server.ts';

let certificates: TestCertificates;
const servers: Server[] = [];

beforeAll(async () => {
  certificates = await testCertificates();
});
afterAll(() => {
  for (const server of servers) server.close();
});

/** Listens on 127.0.0.1; answers with what TLS agreed on. */
async function listen(name: 'good' | 'misnamed' | 'expired' | 'stranger'): Promise<number> {
  const server = createServer(
    { ...certificates[name], ALPNProtocols: ['h2', 'http/1.1'] },
    (socket) => {
      const { alpnProtocol, servername } = socket as {
        alpnProtocol?: unknown;
        servername?: unknown;
      };
      socket.on('error', () => {});
      socket.on('data', () => socket.write(plainAnswer(`${alpnProtocol} ${servername}`)));
    },
  );
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}

const asker = `
  const { HttpClient, readAll } = await import(process.argv.at(-2));
  const http = new HttpClient({ fetch, environment: {} });
  for (const url of JSON.parse(process.argv.at(-1))) {
    try {
      const answer = await http.send({ url, method: 'GET', headers: {} });
      console.log(Buffer.from(await readAll(answer, 1e6, Error)).toString());
    } catch (error) {
      console.log(error.code);
    }
  }
  http[Symbol.dispose]();
  console.log(http.openConnections);
`;

/** Each URL's answer, or the code of its error, and how many connections are left; by another process. */
async function ask(urls: string[], environment: Record<string, string>): Promise<string[]> {
  const index = join(import.meta.dir, 'index.ts');
  const child = Bun.spawn([process.execPath, '-e', asker, index, JSON.stringify(urls)], {
    env: { ...process.env, ...environment },
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const said = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  return said.trim().split('\n');
}

test('only a certificate that is good for the host, now, by a trusted authority will do', async () => {
  await using folder = await temporaryDirectory();
  const file = join(folder.path, 'authority.pem');
  await Bun.write(file, certificates.authority);
  const urls: string[] = [];
  for (const name of ['good', 'misnamed', 'expired', 'stranger'] as const) {
    const port = await listen(name);
    urls.push(`https://localhost:${port}/`, `https://127.0.0.1:${port}/`);
  }
  expect(await ask(urls, { NODE_EXTRA_CA_CERTS: file })).toEqual([
    'http/1.1 localhost',
    'http/1.1 127.0.0.1',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'CERT_HAS_EXPIRED',
    'CERT_HAS_EXPIRED',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    '0',
  ]);
  const untrusting = { NODE_EXTRA_CA_CERTS: '', NODE_TLS_REJECT_UNAUTHORIZED: '0' };
  expect(await ask(urls.slice(0, 1), untrusting)).toEqual(['UNABLE_TO_VERIFY_LEAF_SIGNATURE', '0']);
});

test('a name is looked up as it is told, and the certificate has to be good for the name', async () => {
  await using folder = await temporaryDirectory();
  const file = join(folder.path, 'authority.pem');
  await Bun.write(file, certificates.authority);
  const index = JSON.stringify(join(import.meta.dir, 'index.ts'));
  const script = `
    const { HttpClient, readAll } = await import(${index});
    const lookup = async () => ['127.0.0.9', '127.0.0.1'];
    const http = new HttpClient({ fetch, environment: {}, lookup });
    for (const name of ['localhost', 'elsewhere.test']) {
      await http.send({ url: 'https://' + name + ':${await listen('good')}/', method: 'GET', headers: {} })
        .then((answer) => readAll(answer, 1e6, Error))
        .then((bytes) => console.log(Buffer.from(bytes).toString()), ({ code }) => console.log(code));
    }
    http[Symbol.dispose]();`;
  const child = Bun.spawn([process.execPath, '-e', script], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: file },
    stderr: 'inherit',
  });
  const said = (await new Response(child.stdout).text()).trim().split('\n');
  expect(said).toEqual(['http/1.1 localhost', 'ERR_TLS_CERT_ALTNAME_INVALID']);
});
