import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestService } from './gen/grpc/testing/test_pb.ts';
import { OurServers } from './ours/our-servers.ts';
import type { Bench } from './peers/peer.ts';
import { makeCertificates } from './support/certificates.ts';

export type OpenBench = Bench & AsyncDisposable;

/** Our servers, and the files that peers read. */
export async function openBench(): Promise<OpenBench> {
  const folder = await mkdtemp(join(tmpdir(), 'zrpc-interop-'));
  const certificates = await makeCertificates();
  const { authority, certificate, key } = certificates;
  await writeFile(join(folder, 'authority.pem'), authority);
  await writeFile(join(folder, 'server.pem'), certificate);
  await writeFile(join(folder, 'server.key'), key);
  const schema = TestService.descriptorSet?.() ?? new Uint8Array(0);
  await writeFile(join(folder, 'testing.binpb'), schema);
  const servers = await OurServers.start(certificates, folder);
  return {
    certificates,
    folder,
    servers,
    async [Symbol.asyncDispose]() {
      await servers.close();
      await rm(folder, { recursive: true });
    },
  };
}
