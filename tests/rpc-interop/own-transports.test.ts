import { afterAll, describe, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callerOf, casesFor, runCase } from './cases/run-case.ts';
import { OurServers } from './ours/our-servers.ts';
import { ourWays } from './ours/our-transports.ts';
import { makeCertificates } from './support/certificates.ts';

/* The cases of gRPC's interop description, by our client and our server over every transport. */

const folder = mkdtempSync(join(tmpdir(), 'zrpc-interop-'));
const certificates = await makeCertificates();
const servers = await OurServers.start(certificates, folder);
afterAll(async () => {
  await servers.close();
  rmSync(folder, { recursive: true });
});

describe.each([...ourWays])('$name', ({ abilities, connect }) => {
  const connecting = Promise.resolve(connect(servers, certificates));
  afterAll(async () => (await connecting).close());

  test.each([...casesFor(abilities)])('%s', async (name) => {
    await runCase(name, callerOf(await connecting), abilities);
  });
});
