import type { TlsSettings } from './tls-flags.ts';

/** What Bun's `fetch` and `WebSocket` take as `tls`; undefined where nothing is asked for. */
export function bunClientTls(
  tls: TlsSettings,
  insecure: boolean,
): Readonly<Record<string, unknown>> | undefined {
  const options = {
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }),
    ...(insecure ? { rejectUnauthorized: false } : {}),
  };
  return Object.keys(options).length === 0 ? undefined : options;
}

/** A WebSocket with these options, which the one of browsers does not have. */
export function bunWebSocket(
  url: string,
  protocol: string,
  tls: Readonly<Record<string, unknown>>,
): WebSocket {
  return new WebSocket(url, { protocols: [protocol], tls });
}
