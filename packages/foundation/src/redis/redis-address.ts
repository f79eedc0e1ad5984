import { Secret } from '../secrets/secret.ts';

/** Where a Redis is, and who may talk to it. */
export interface RedisAddress {
  readonly place:
    | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly tls: boolean }
    | { readonly kind: 'unix'; readonly path: string };
  readonly database: number;
  readonly user?: string;
  readonly password?: Secret;
  /** For people: scheme, place and database, never a password. */
  readonly shown: string;
}

const maxDatabase = 65_535;
const defaultPort = 6_379;

/**
 * Reads `redis://[user[:password]@]host[:port][/database]`, `rediss://…` over TLS or
 * `redis+unix://[user[:password]@]/path[?db=number]`; a text is what is wrong with it, without what
 * stands in it. `password` takes the place of one in the address.
 */
export function redisAddress(text: string, password?: Secret): RedisAddress | string {
  const url = URL.parse(text);
  if (!url || !schemes.has(url.protocol)) {
    return 'it must be redis://host:port/database, rediss:// for TLS, or redis+unix:///path';
  }
  const isSocket = url.protocol === 'redis+unix:';
  if (!isSocket && url.hostname === '') return 'it has no host: redis://host:port/database';
  if (isSocket && url.pathname.length < 2) return 'it has no path: redis+unix:///path';
  const database = isSocket ? (url.searchParams.get('db') ?? '') : url.pathname.slice(1);
  if (!/^\d{0,5}$/.test(database) || Number(database) > maxDatabase) {
    return `the database must be a number from 0 to ${maxDatabase}`;
  }
  const user = decoded(url.username);
  const secret = decoded(url.password);
  const path = decoded(url.pathname);
  if (user === undefined || secret === undefined || path === undefined) {
    return 'a % in it does not stand for a character: write it as %25';
  }
  const own = password ?? (secret === '' ? undefined : new Secret(secret));
  const place = isSocket ? url.pathname : url.host;
  return {
    place: isSocket
      ? { kind: 'unix', path }
      : {
          kind: 'tcp',
          host: url.hostname.replace(/^\[|\]$/g, ''),
          port: url.port === '' ? defaultPort : Number(url.port),
          tls: url.protocol === 'rediss:',
        },
    database: Number(database),
    ...(user === '' ? {} : { user }),
    ...(own === undefined ? {} : { password: own }),
    shown: `${url.protocol}//${place}${database && ` database ${database}`}`,
  };
}

const schemes: ReadonlySet<string> = new Set(['redis:', 'rediss:', 'redis+unix:']);

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
