import { userPath } from '../secrets/references.ts';
import { defined } from './defined.ts';
import type { TlsConfig } from './resolved-config.ts';
import type { ValidConfig } from './schema.ts';

type ValidTls = NonNullable<ValidConfig['server']['tls']>;

/**
 * `[server.tls]`, with paths made absolute. `fault` is told the key of what cannot be, and why; what is
 * in the files is looked at by who listens.
 */
export function resolveTls(
  tls: ValidTls,
  folder: string,
  fault: (key: string, message: string) => void,
): TlsConfig {
  checkAuthorities(tls, fault);
  const { client_ca_file: ca, client_crl_file: crl } = tls;
  return defined({
    certFile: userPath(tls.cert_file, folder),
    keyFile: userPath(tls.key_file, folder),
    clientCaFile: ca === undefined ? undefined : userPath(ca, folder),
    clientCrlFile: crl === undefined ? undefined : userPath(crl, folder),
    clientAuth: tls.client_auth,
    minVersion: tls.min_version,
  });
}

/** What asks nobody for a certificate has no use for authorities, and the other way round. */
function checkAuthorities(tls: ValidTls, fault: (key: string, message: string) => void): void {
  const { client_auth: clientAuth, client_ca_file: ca, client_crl_file: crl } = tls;
  if (clientAuth === 'none') {
    const why = 'no client is asked for a certificate: set client_auth to optional or required';
    if (ca !== undefined) fault('client_ca_file', why);
    if (crl !== undefined) fault('client_crl_file', why);
  } else if (ca === undefined) {
    fault('client_auth', `${clientAuth} needs client_ca_file, the authorities of the clients`);
  }
}
