import { createServer as createHttpServer, type ServerOptions as HttpOptions } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Server } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { checkTls } from './check-tls.ts';
import type { TlsServerOptions } from './socket.ts';

/**
 * A server of HTTP/1.1 over TLS with the events `request` and `upgrade`, whose sockets tell the
 * certificate of a client (`TLSSocket.getPeerCertificate`) on either runtime.
 * @throws RpcError invalid_argument that says what is wrong with the texts of `tls`.
 */
export function httpsServer(tls: TlsServerOptions, http: HttpOptions = {}): Server {
  const secure = nodeServerTls(tls);
  if (!('Bun' in globalThis)) return createHttpsServer({ ...http, ...secure });
  // The sockets of Bun's node:https tell no certificates, those of its node:tls do.
  const inner = createHttpServer(http);
  const server = createTlsServer(secure, (socket) => inner.emit('connection', socket));
  inner.on('request', (...all) => server.emit('request', ...all));
  inner.on('upgrade', (...all) => server.emit('upgrade', ...all));
  return server;
}

/**
 * A TLS listener's options for `node:tls`, `node:https` and `node:http2`. With an authority every
 * client must have a certificate of it.
 * @throws RpcError invalid_argument that says what is wrong with the texts of `tls`.
 */
export function nodeServerTls(tls: TlsServerOptions): TlsOptions {
  checkTls(tls);
  return {
    cert: tls.cert,
    key: tls.key,
    handshakeTimeout: tls.handshakeTimeoutMs ?? 10_000,
    ...(tls.ca === undefined ? {} : { ca: tls.ca, requestCert: true, rejectUnauthorized: true }),
    ...(tls.protocols === undefined ? {} : { ALPNProtocols: [...tls.protocols] }),
  };
}
