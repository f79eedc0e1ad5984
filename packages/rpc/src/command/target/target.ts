import { RpcError } from '../../rpc-error.ts';

/** Where a server is, and what to speak with it. `name` is for messages, and reads back as a target. */
export type Target = { readonly name: string } & (
  | { readonly kind: 'grpc'; readonly url: string }
  | { readonly kind: 'grpc-unix'; readonly path: string; readonly tls: boolean }
  | { readonly kind: 'unix' | 'shared-memory'; readonly path: string }
  | { readonly kind: 'websocket'; readonly url: string }
  | { readonly kind: 'quic' | 'grpc-h3'; readonly host: string; readonly port: number }
  | { readonly kind: 'connect' | 'grpc-web'; readonly url: string }
);

/** The flags that name a target; at most one of them stands. */
export interface TargetFlags {
  readonly grpc?: string;
  readonly uds?: string;
  readonly ws?: string;
  readonly quic?: string;
  readonly h3?: string;
  readonly shm?: string;
  readonly connect?: string;
  readonly grpcWeb?: string;
  readonly tls?: boolean;
}

/** The forms of targets, a line for each. */
export const targetForms: string = `  grpc://HOST:PORT         gRPC over HTTP/2; grpcs:// with TLS, grpc+unix:PATH on a Unix socket
  grpc+h3://HOST:PORT      gRPC over HTTP/3
  unix:PATH                own frames on a Unix socket
  shm:PATH                 own frames through shared memory
  ws://HOST:PORT/PATH      own frames over WebSocket; wss:// with TLS, ws+unix://SOCKET:/PATH
  quic://HOST:PORT         own frames over QUIC
  http://HOST:PORT         the Connect protocol; https:// with TLS
  grpc-web+http://HOST     gRPC-Web; grpc-web+https:// with TLS
HOST:PORT alone is grpc://HOST:PORT.`;

/** Whether an argument names a target: names of methods have no colon. */
export function looksLikeTarget(argument: string): boolean {
  return /^[\w.+[\]-]*:/.test(argument);
}

/**
 * The target of the flags, of `argument` where there is one, or `fallback`, as the environment says.
 * @throws RpcError invalid_argument for none, for two, and for what cannot be one.
 */
export function targetOf(
  flags: TargetFlags,
  argument: string | undefined,
  fallback: string | undefined,
): Target {
  const named = namesIn(flags);
  if (argument !== undefined) named.push(argument);
  if (named.length > 1) throw wrong(`two targets are given, ${named[0]} and ${named[1]}: one is`);
  const [name] = named;
  const target = name ?? fallback;
  if (target === undefined || target === '') {
    throw wrong('no target is given: say where the server is, such as grpc://localhost:50051');
  }
  return parseTarget(target, flags.tls ?? false);
}

/** @throws RpcError invalid_argument for a text that names no target. */
export function parseTarget(text: string, tls = false): Target {
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]*):(?!\d+$)(.*)$/is.exec(text) ?? [];
  switch (scheme?.toLowerCase()) {
    case undefined:
      return grpcTarget(text, text, tls);
    case 'grpc':
      return grpcTarget(text, withoutSlashes(rest), tls);
    case 'grpcs':
      return grpcTarget(text, withoutSlashes(rest), true);
    case 'grpc+unix':
      return { kind: 'grpc-unix', name: text, path: pathOf(text, rest), tls };
    case 'unix':
    case 'shm': {
      if (tls) throw wrong(`${text}: what stays on this machine has no TLS here, leave out --tls`);
      const kind = scheme?.toLowerCase() === 'shm' ? 'shared-memory' : 'unix';
      return { kind, name: text, path: pathOf(text, rest) };
    }
    case 'ws':
    case 'wss':
    case 'ws+unix':
      return { kind: 'websocket', ...urlOf(text, text, tls) };
    case 'quic':
      return { kind: 'quic', name: text, ...hostAndPort(text, withoutSlashes(rest)) };
    case 'grpc+h3':
      return { kind: 'grpc-h3', name: text, ...hostAndPort(text, withoutSlashes(rest)) };
    case 'http':
    case 'https':
      return { kind: 'connect', ...urlOf(text, text, tls) };
    case 'grpc-web+http':
    case 'grpc-web+https':
      return { kind: 'grpc-web', ...urlOf(text, text.slice('grpc-web+'.length), tls) };
    default:
      throw wrong(`${text} names no target that is known here. Targets are
${targetForms}`);
  }
}

/** The values of the flags, as targets. */
function namesIn(flags: TargetFlags): string[] {
  const { grpc, h3, uds, shm, ws, quic, connect, grpcWeb } = flags;
  const names: string[] = [];
  if (grpc !== undefined) names.push(/^grpcs?[:+]/.test(grpc) ? grpc : `grpc${joint(grpc)}`);
  if (h3 !== undefined) names.push(h3.startsWith('grpc+h3:') ? h3 : `grpc+h3://${h3}`);
  if (shm !== undefined) names.push(shm.startsWith('shm:') ? shm : `shm:${shm}`);
  if (uds !== undefined) names.push(uds.startsWith('unix:') ? uds : `unix:${uds}`);
  if (ws !== undefined) names.push(ofSchemes('--ws', ws, /^(wss?|ws\+unix):/i, 'ws://'));
  if (quic !== undefined) names.push(quic.startsWith('quic:') ? quic : `quic://${quic}`);
  if (connect !== undefined)
    names.push(ofSchemes('--connect', connect, /^https?:\/\//i, 'http://'));
  if (grpcWeb !== undefined) {
    const url = grpcWeb.replace(/^grpc-web\+/, '');
    names.push(`grpc-web+${ofSchemes('--grpc-web', url, /^https?:\/\//i, 'http://')}`);
  }
  return names;
}

/** gRPC's own way to name a Unix socket is `unix:PATH`. */
function joint(value: string): string {
  return value.startsWith('unix:') ? `+${value}` : `://${value}`;
}

/** A value without a scheme gets the plain one. */
function ofSchemes(flag: string, value: string, schemes: RegExp, plain: string): string {
  if (schemes.test(value)) return value;
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return plain + value;
  throw wrong(`${flag} ${value}: write it as ${plain}HOST:PORT`);
}

function grpcTarget(name: string, address: string, tls: boolean): Target {
  const { host, port } = hostAndPort(name, address);
  const scheme = tls ? 'https' : 'http';
  return { kind: 'grpc', name, url: `${scheme}://${inBrackets(host)}:${port}` };
}

function hostAndPort(name: string, address: string): { host: string; port: number } {
  const [, inner, plain, digits] =
    /^(?:\[([\da-f:.%]+)\]|([^\s:/?#@[\]]+)):(\d{1,5})\/?$/i.exec(address) ?? [];
  const host = inner ?? plain;
  const port = Number(digits);
  if (host !== undefined && port > 0 && port <= 65_535) return { host, port };
  throw wrong(`${name} names no host and port: write HOST:PORT, such as localhost:50051`);
}

function inBrackets(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function urlOf(name: string, text: string, tls: boolean): { name: string; url: string } {
  const secure = tls ? text.replace(/^(http|ws)(?=:)/i, '$1s') : text;
  const url = URL.parse(secure);
  if (url === null || (url.host === '' && url.protocol !== 'ws+unix:')) {
    throw wrong(`${name} is no URL: write it as ${text.slice(0, text.indexOf(':'))}://HOST:PORT`);
  }
  if (url.username !== '' || url.password !== '') {
    throw wrong('the target has a password in it: send it with -H, where it is seen less');
  }
  return { name, url: secure };
}

/** `unix:/run/x.sock`, `unix:x.sock` and, as gRPC writes it too, `unix:///run/x.sock`. */
function pathOf(name: string, rest: string): string {
  const path = rest.startsWith('//') ? rest.slice(2) : rest;
  if (path !== '') return path;
  throw wrong(`${name} names no socket: write its path behind the colon`);
}

function withoutSlashes(rest: string): string {
  return rest.replace(/^\/\//, '');
}

function wrong(message: string): RpcError {
  return new RpcError('invalid_argument', message);
}
