import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where server and client of one run find the same certificate. */
const folderVariable = 'ZRPC_BENCHMARK_CERTIFICATE';

/** A certificate for `localhost` that signs itself, PEM. `makeCertificate` has made it. */
export function certificate(): { cert: string; key: string } {
  const folder = process.env[folderVariable] ?? '';
  return {
    cert: readFileSync(join(folder, 'cert.pem'), 'utf8'),
    key: readFileSync(join(folder, 'key.pem'), 'utf8'),
  };
}

/** Makes it with openssl. @returns the environment that the processes need, and how to remove it. */
export function makeCertificate(): { env: Record<string, string>; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'zrpc-benchmark-'));
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
      ...['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')],
    ],
    { stdio: 'ignore' },
  );
  return {
    env: { [folderVariable]: folder },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
