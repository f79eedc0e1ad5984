import { HttpFault } from './http-fault.ts';

/** A request as its sender gives it. */
export interface HttpRequest {
  /** `http:` or `https:`; credentials in it are refused. */
  readonly url: string;
  readonly method: string;
  /** ASCII. `content-length`, `connection` and `transfer-encoding` are not the sender's to say. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  /** Its abort closes the connection at once; its reason is what the sender is told. */
  readonly signal?: AbortSignal | undefined;
}

/** Where a URL leads: a server, and what is asked of it. */
export interface Target {
  /** `https://api.openai.com:443`: what shares connections. */
  readonly origin: string;
  readonly secure: boolean;
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  /** As the header `host` says it. */
  readonly authority: string;
  /** Path and query. */
  readonly path: string;
}

/** Takes a URL apart as browsers do. Throws HTTP_BAD_REQUEST for one that cannot be asked. */
export function targetOf(url: string): Target {
  const { protocol, hostname, port, host, pathname, search, username, password } = parse(url);
  const secure = protocol === 'https:';
  if (!secure && protocol !== 'http:') throw badRequest(`a URL of ${protocol} cannot be asked`);
  if (username || password) throw badRequest('the URL holds credentials: put them in a header');
  const number = port === '' ? (secure ? 443 : 80) : Number(port);
  return {
    origin: `${protocol}//${hostname}:${number}`,
    secure,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: number,
    authority: host,
    path: pathname + search,
  };
}

function parse(url: string): URL {
  const parsed = URL.parse(url);
  if (parsed) return parsed;
  throw badRequest('the URL is not one');
}

/** Bodies up to this many characters or bytes are sent in one write with their head. */
export const maxJoined = 64 * 1024;

/**
 * The head of a request (RFC 9112, 3), in ASCII. Throws HTTP_BAD_REQUEST for a header that cannot be written down.
 */
export function headText(
  { method, headers, body }: HttpRequest,
  { authority, path }: Target,
  bodyBytes: number,
): string {
  if (!token.test(method)) throw badRequest('the method is no token');
  let text = `${method} ${path} HTTP/1.1\r\n`;
  let hasHost = false;
  let hasAgent = false;
  let hasAccept = false;
  for (const name in headers) {
    const value = headers[name] as string;
    if (!token.test(name)) throw badRequest('the name of a header is no token');
    if (!fieldValue.test(value)) {
      throw badRequest(`the header ${name} holds a character that cannot be sent`);
    }
    switch (name.length) {
      case 4:
      case 6:
      case 10:
      case 14:
      case 17: {
        const lower = name.toLowerCase();
        if (ours.has(lower)) throw badRequest(`the header ${lower} is not the sender's to say`);
        if (lower === 'host') hasHost = true;
        else if (lower === 'user-agent') hasAgent = true;
        else if (lower === 'accept') hasAccept = true;
      }
    }
    text += `${name}: ${value}\r\n`;
  }
  if (!hasHost) text += `host: ${authority}\r\n`;
  if (!hasAgent) text += `user-agent: ${userAgent}\r\n`;
  if (!hasAccept) text += 'accept: */*\r\n';
  if (body !== undefined) text += `content-length: ${bodyBytes}\r\n`;
  else if (announcesBody.has(method)) text += 'content-length: 0\r\n';
  return `${text}\r\n`;
}

/** Who asks, where the sender does not say. */
const userAgent = 'zeke';
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const fieldValue = /^[\t\x20-\x7e]*$/;
const ours: ReadonlySet<string> = new Set(['connection', 'content-length', 'transfer-encoding']);
/** Methods whose servers expect to hear that there is no body. */
const announcesBody: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

function badRequest(what: string): HttpFault {
  return new HttpFault('HTTP_BAD_REQUEST', what);
}
