import { type HttpAnswer, HttpClient, HttpFault, readAll } from '@zeke/foundation/http-client';
import { RpcError } from '@zeke/rpc';

/** What decides which addresses are asked; the system's resolver and public ones unless told otherwise. */
export interface AddressRules {
  readonly lookup: (host: string) => Promise<readonly string[]>;
  readonly permits: (address: string) => boolean;
}

export interface FetchedPage {
  /** After redirects. */
  readonly url: string;
  /** Lower case, without parameters; empty where the server does not say. */
  readonly mediaType: string;
  /** As the header `content-type` says it, in lower case. */
  readonly charset: string | undefined;
  readonly bytes: Uint8Array;
}

export type FetchResult =
  | { readonly kind: 'page'; readonly page: FetchedPage }
  /** Another server, for which somebody may have to be asked. */
  | { readonly kind: 'elsewhere'; readonly url: string };

const maxBodyBytes = 5 * 1024 * 1024;
const limitMs = 30_000;
const maxRedirects = 5;

/**
 * Gets a page by HTTP or HTTPS. The host's addresses are looked up once for each connection and checked,
 * and the connection goes to one of those: a name that answers differently the next time changes
 * nothing. Redirects on one server are followed, five at most, and
 * from http: to https:; one to another host or port is told. Throws
 * `permission_denied` for an address that is not permitted, and RpcError for what fails: over 5 MB,
 * over 30 seconds, a status that is none of success.
 */
export async function fetchPage(
  url: string,
  rules: AddressRules,
  signal: AbortSignal,
): Promise<FetchResult> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  using http = new HttpClient({
    fetch,
    environment: {},
    lookup: (host) => addressesOf(host, rules),
  });
  try {
    let current = checkedUrl(url);
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const answer = await http.send({ url: current.href, method: 'GET', headers, signal: limit });
      const next = redirectOf(answer, current);
      if (next === undefined) return { kind: 'page', page: await readPage(answer, current) };
      answer.cancel();
      if (!isSameServer(next, current)) return { kind: 'elsewhere', url: next.href };
      current = next;
    }
    throw new RpcError('failed_precondition', `${url}: over ${maxRedirects} redirects: given up`);
  } catch (reason) {
    if (signal.aborted) throw new RpcError('canceled', 'the call was canceled');
    if (limit.aborted) {
      throw new RpcError(
        'deadline_exceeded',
        `${url}: no whole answer in ${limitMs / 1_000} seconds`,
      );
    }
    throw told(url, reason);
  }
}

/** Throws `invalid_argument` for what cannot be asked. */
export function checkedUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null) throw new RpcError('invalid_argument', 'url: give a whole one: https://…');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new RpcError(
      'invalid_argument',
      `url: ${url.protocol} cannot be asked, http: and https: can`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new RpcError('invalid_argument', 'url: it holds credentials: leave them out');
  }
  url.hash = '';
  return url;
}

const headers = { accept: 'text/markdown, text/html;q=0.9, text/plain;q=0.9, */*;q=0.1' };

async function addressesOf(host: string, { lookup, permits }: AddressRules) {
  const addresses = await lookup(host);
  const refused = addresses.find((address) => !permits(address));
  if (refused === undefined) return addresses;
  throw new RpcError(
    'permission_denied',
    `${host} is at ${refused}, which is not a public address: nothing is fetched from there`,
  );
}

function redirectOf({ headers: answered, status }: HttpAnswer, current: URL): URL | undefined {
  const location = answered.get('location');
  if (status < 300 || status >= 400 || location === null) return undefined;
  return checkedUrl(URL.parse(location, current.href)?.href ?? location);
}

/** Rules allow hosts with or without a port: only what they would allow alike is one server. */
function isSameServer(next: URL, current: URL): boolean {
  if (next.origin === current.origin) return true;
  const isUpgrade = next.protocol === 'https:' && next.port === '' && current.port === '';
  return isUpgrade && next.hostname === current.hostname;
}

async function readPage(answer: HttpAnswer, { href }: URL): Promise<FetchedPage> {
  if (!answer.ok) {
    answer.cancel();
    throw new RpcError('failed_precondition', `${href} answered with status ${answer.status}`);
  }
  const bytes = await readAll(
    answer,
    maxBodyBytes,
    () =>
      new RpcError(
        'resource_exhausted',
        `${href} is larger than ${maxBodyBytes / 1024 / 1024} MiB`,
      ),
  );
  const [mediaType = '', ...parameters] = (answer.headers.get('content-type') ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const charset = parameters
    .find((one) => one.startsWith('charset='))
    ?.slice(8)
    .replaceAll('"', '');
  return { url: href, mediaType, charset, bytes };
}

function told(url: string, reason: unknown): unknown {
  if (reason instanceof RpcError) return reason;
  const { code, message } = reason as NodeJS.ErrnoException;
  if (code === undefined) return reason;
  const what = reason instanceof HttpFault ? message : code;
  return new RpcError('unavailable', `${url} cannot be fetched: ${what}`, { cause: reason });
}
