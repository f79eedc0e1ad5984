import { RpcError } from '../../rpc-error.ts';

/** Where calls are taken, and how. `name` is what was typed. */
export type ListenTarget = { readonly name: string } & (
  | { readonly kind: 'grpc'; readonly host: string; readonly port: number; readonly tls: boolean }
  | { readonly kind: 'grpc-unix'; readonly path: string; readonly tls: boolean }
  | { readonly kind: 'unix' | 'shared-memory'; readonly path: string }
  | {
      readonly kind: 'websocket';
      readonly host: string;
      readonly port: number;
      readonly urlPath: string;
      readonly tls: boolean;
    }
  | { readonly kind: 'quic' | 'grpc-h3'; readonly host: string; readonly port: number }
  | { readonly kind: 'http'; readonly host: string; readonly port: number; readonly tls: boolean }
);

/** The flags that say it. Each may stand often. */
export interface ListenFlags {
  /** In any of the forms of `listenForms`. */
  readonly listen?: readonly string[];
  readonly uds?: readonly string[];
  readonly ws?: readonly string[];
  readonly http?: readonly string[];
}

/** How places to listen at are written. */
export const listenForms = `HOST:PORT or PORT     gRPC over HTTP/2, as grpc://HOST:PORT; with TLS grpcs://HOST:PORT
grpc+unix:PATH        gRPC on a Unix socket
grpc+h3://HOST:PORT   gRPC over HTTP/3, always with TLS
unix:PATH             own frames on a Unix socket
shm:PATH              own frames through shared memory
ws://HOST:PORT/PATH   own frames over WebSocket; with TLS wss://
quic://HOST:PORT      own frames over QUIC, always with TLS
http://HOST:PORT      Connect and gRPC-Web; with TLS https://`;

const defaultHost = '127.0.0.1';
export const defaultPlace: string = `grpc://${defaultHost}:50051`;

/** The places of the flags, the default one where they name none. @throws RpcError invalid_argument */
export function listenTargets(flags: ListenFlags): ListenTarget[] {
  const names = [
    ...(flags.listen ?? []),
    ...(flags.uds ?? []).map((path) => withScheme(path, 'unix:')),
    ...(flags.ws ?? []).map((place) => withScheme(place, 'ws://')),
    ...(flags.http ?? []).map((place) => withScheme(place, 'http://')),
  ];
  return (names.length === 0 ? [defaultPlace] : names).map(parseListenTarget);
}

/** @throws RpcError invalid_argument for a text that names no place. */
export function parseListenTarget(text: string): ListenTarget {
  const [, scheme = 'grpc', rest = text] = /^([a-z][a-z0-9+.-]*):(?!\d+$)(.*)$/is.exec(text) ?? [];
  const name = text;
  const address = rest.replace(/^\/\//, '');
  switch (scheme.toLowerCase()) {
    case 'grpc':
    case 'grpcs':
      return { kind: 'grpc', name, ...placeOf(name, address), tls: scheme.endsWith('s') };
    case 'grpc+unix':
    case 'grpcs+unix':
      return { kind: 'grpc-unix', name, path: pathOf(name, rest), tls: scheme.startsWith('grpcs') };
    case 'unix':
      return { kind: 'unix', name, path: pathOf(name, rest) };
    case 'shm':
      return { kind: 'shared-memory', name, path: pathOf(name, rest) };
    case 'grpc+h3':
      return { kind: 'grpc-h3', name, ...placeOf(name, address) };
    case 'ws':
    case 'wss':
      return { kind: 'websocket', name, ...urlOf(name, address), tls: scheme === 'wss' };
    case 'quic':
      return { kind: 'quic', name, ...placeOf(name, address) };
    case 'http':
    case 'https':
      return { kind: 'http', name, ...placeOf(name, address), tls: scheme === 'https' };
    default:
      throw wrong(`${text} names no place to listen at. Places are\n${indented(listenForms)}`);
  }
}

/** Whose pages may call; `none` where no `--cors` is given. */
export function originsOf(
  cors: readonly string[] | undefined,
  none: readonly string[] | '*',
): readonly string[] | '*' {
  if (cors === undefined) return none;
  return cors.includes('*') ? '*' : cors;
}

/** Whether calls come in encrypted, so that a certificate is needed. */
export function listensWithTls(target: ListenTarget): boolean {
  return target.kind === 'quic' || target.kind === 'grpc-h3' || ('tls' in target && target.tls);
}

/** Whether other machines can reach it. */
export function isPublic(target: ListenTarget): boolean {
  if (!('host' in target)) return false;
  return !/^(?:127\.|localhost$|::1$)/.test(target.host);
}

function withScheme(text: string, scheme: string): string {
  return /^[a-z][a-z0-9+.-]*:(?!\d+(?:\/|$))/i.test(text) ? text : scheme + text;
}

/** `HOST:PORT`, `[::1]:PORT`, `:PORT` or `PORT`. Port 0 is any free one. */
function placeOf(name: string, address: string): { host: string; port: number } {
  const [, inner, plain, digits] =
    /^(?:(?:\[([\da-f:.%]+)\]|([^\s:/?#@[\]]*)):)?(\d{1,5})\/?$/i.exec(address) ?? [];
  const port = Number(digits);
  if (digits !== undefined && port <= 65_535) {
    return { host: inner ?? (plain === undefined || plain === '' ? defaultHost : plain), port };
  }
  throw wrong(`${name} names no place to listen at: write HOST:PORT, such as 127.0.0.1:50051`);
}

function urlOf(name: string, address: string): { host: string; port: number; urlPath: string } {
  const slash = address.indexOf('/');
  if (slash === -1) return { ...placeOf(name, address), urlPath: '/' };
  return { ...placeOf(name, address.slice(0, slash)), urlPath: address.slice(slash) };
}

function pathOf(name: string, rest: string): string {
  const path = rest.startsWith('//') ? rest.slice(2) : rest;
  if (path !== '') return path;
  throw wrong(`${name} names no socket: write its path behind the colon`);
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ');
}

function wrong(message: string): RpcError {
  return new RpcError('invalid_argument', message);
}
