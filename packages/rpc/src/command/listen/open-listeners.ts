import { readFile } from 'node:fs/promises';
import type { TypeRegistry } from '../../codec/type-registry.ts';
import type { CallHandler, Listener } from '../../core/call.ts';
import type { RpcLimits } from '../../core/limits.ts';
import type { MethodInfo } from '../../core/method.ts';
import { RpcError } from '../../rpc-error.ts';
import type { TlsServerOptions } from '../../sockets/socket.ts';
import { fileFault } from '../file-fault.ts';
import { type ListenTarget, listensWithTls } from './listen-target.ts';

/** Flags for the encryption of what comes in. */
export interface ListenTlsFlags {
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsClientCa?: string;
}

/** What answers the calls. */
export interface Served {
  readonly handler: CallHandler;
  /** Of HTTP, which has to tell unary methods from streams, and needs their types for JSON. */
  readonly methods: (path: string) => MethodInfo | undefined;
  readonly types: TypeRegistry;
  /** Pages of which origins may call; `*` for all. */
  readonly origins: readonly string[] | '*';
  readonly limits?: Partial<RpcLimits>;
}

/** An open place. */
interface OpenListener {
  /** As a client writes it: `grpc://127.0.0.1:50051`. */
  readonly target: string;
  /** For people: `gRPC`, `Connect and gRPC-Web`. */
  readonly protocol: string;
  readonly listener: Listener;
}

/** How long open calls may take at the end, in milliseconds. */
const closeGraceMs = 1_000;

/** All places, or none of them. */
export interface OpenListeners extends AsyncDisposable {
  readonly list: readonly OpenListener[];
}

/**
 * Takes calls at all these places.
 * @throws RpcError for a place that cannot be had, and for certificates that are missing or wrong.
 */
export async function openListeners(
  targets: readonly ListenTarget[],
  served: Served,
  flags: ListenTlsFlags,
): Promise<OpenListeners> {
  const tls = await readServerTls(targets, flags);
  const list: OpenListener[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(list.map(({ listener }) => listener.close({ graceMs: closeGraceMs })));
  };
  try {
    for (const target of targets) list.push(await openOne(target, served, tls));
  } catch (cause) {
    await close();
    throw cause;
  }
  return { list, [Symbol.asyncDispose]: close };
}

async function openOne(
  target: ListenTarget,
  served: Served,
  tls: TlsServerOptions | undefined,
): Promise<OpenListener> {
  try {
    const { listener, protocol } = await listenAt(target, served, tls);
    return { listener, protocol, target: targetOf(target, listener.address) };
  } catch (cause) {
    if (cause instanceof RpcError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RpcError('unavailable', `${target.name} cannot be listened at: ${why}`, { cause });
  }
}

async function listenAt(
  target: ListenTarget,
  served: Served,
  settings: TlsServerOptions | undefined,
): Promise<Pick<OpenListener, 'listener' | 'protocol'>> {
  const { handler, limits = {} } = served;
  const tls = listensWithTls(target) ? settings : undefined;
  const secure = tls === undefined ? {} : { tls };
  switch (target.kind) {
    case 'grpc':
    case 'grpc-unix': {
      const { listenHttp2 } = await import('../../transports/http2/listen-http2.ts');
      const place = 'host' in target ? onPort(target) : { path: target.path };
      return {
        listener: await listenHttp2({ ...place, handler, limits, ...secure }),
        protocol: 'gRPC',
      };
    }
    case 'unix': {
      const { listenUnix } = await import('../../transports/unix/unix.ts');
      return {
        listener: await listenUnix({ path: target.path, handler, limits }),
        protocol: 'own frames',
      };
    }
    case 'shared-memory': {
      const { listenSharedMemory } = await import(
        '../../transports/shared-memory/shared-memory.ts'
      );
      const listener = await listenSharedMemory({ path: target.path, handler, limits });
      return { listener, protocol: 'own frames through shared memory' };
    }
    case 'websocket': {
      const { listenWebSocket } = await import('../../transports/websocket/server.ts');
      const { urlPath } = target;
      const { origins } = served;
      const allowedOrigins = origins === '*' ? ['*'] : origins;
      const place = { ...onPort(target), urlPath, allowedOrigins };
      const listener = await listenWebSocket({ ...place, handler, limits, ...secure });
      return { listener, protocol: 'own frames over WebSocket' };
    }
    case 'quic': {
      if (tls === undefined) throw noCertificate(target);
      const { listenQuic } = await import('../../transports/quic/quic.ts');
      const listener = await listenQuic({ ...onPort(target), handler, limits, tls });
      return { listener, protocol: 'own frames over QUIC' };
    }
    case 'grpc-h3': {
      if (tls === undefined) throw noCertificate(target);
      const { listenHttp3 } = await import('../../transports/http3/http3.ts');
      const listener = await listenHttp3({ ...onPort(target), handler, limits, tls });
      return { listener, protocol: 'gRPC over HTTP/3' };
    }
    case 'http': {
      const { serveFetch } = await import('../../transports/fetch/server/serve-fetch.ts');
      const { methods, types: registry, origins } = served;
      const cors = origins.length === 0 ? {} : { cors: { origins } };
      const options = { ...onPort(target), handler, limits, methods, registry, ...cors, ...secure };
      return { listener: await serveFetch(options), protocol: 'Connect and gRPC-Web' };
    }
  }
}

function onPort({ host, port }: { host: string; port: number }): { host: string; port: number } {
  return { host, port };
}

/** The same place as clients name it. */
function targetOf(target: ListenTarget, address: string): string {
  switch (target.kind) {
    case 'grpc':
      return address.replace(/^http/, 'grpc');
    case 'grpc-unix':
      return `grpc+unix:${target.path}`;
    case 'grpc-h3':
      return address.replace(/^https/, 'grpc+h3');
    default:
      return address;
  }
}

async function readServerTls(
  targets: readonly ListenTarget[],
  { tlsCert, tlsKey, tlsClientCa }: ListenTlsFlags,
): Promise<TlsServerOptions | undefined> {
  const withTls = targets.find(listensWithTls);
  if (tlsCert === undefined || tlsKey === undefined) {
    if (withTls !== undefined) throw noCertificate(withTls);
    if (tlsCert === undefined && tlsKey === undefined && tlsClientCa === undefined)
      return undefined;
    throw wrong('--tls-cert and --tls-key belong together');
  }
  if (withTls === undefined) {
    throw wrong(
      '--tls-cert is for TLS, and no place has it: write grpcs://, wss://, https:// or quic://',
    );
  }
  const ca = tlsClientCa === undefined ? {} : { ca: await readPem('--tls-client-ca', tlsClientCa) };
  return {
    cert: await readPem('--tls-cert', tlsCert),
    key: await readPem('--tls-key', tlsKey),
    ...ca,
  };
}

function noCertificate({ name }: ListenTarget): RpcError {
  return wrong(`${name} is encrypted: give its certificate with --tls-cert and --tls-key`);
}

async function readPem(flag: string, path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw fileFault(`${flag} ${path}`, cause);
  });
  if (/-----BEGIN [\w ]+-----/.test(text)) return text;
  throw wrong(`${flag} ${path}: the file is not PEM`);
}

function wrong(message: string): RpcError {
  return new RpcError('invalid_argument', message);
}
