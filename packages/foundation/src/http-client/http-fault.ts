/**
 * What went wrong beside what the system itself names (`ECONNREFUSED`, `CERT_HAS_EXPIRED`):
 * the answer breaks the rules of HTTP or a limit; the connection ended before the answer did; it
 * could not be had in time, or not at all; the request cannot be written down.
 */
export type HttpFaultCode =
  | 'HTTP_BAD_ANSWER'
  | 'HTTP_TOO_LARGE'
  | 'HTTP_CLOSED'
  | 'HTTP_CONNECT_TIMEOUT'
  | 'HTTP_TOO_MANY'
  | 'HTTP_BAD_REQUEST';

/**
 * Why a request got no whole answer. It stands beside the system's own errors, which have a `code`
 * as well and come as they are: who asks turns both into what its callers are told.
 */
export class HttpFault extends Error {
  override readonly name = 'HttpFault';
  readonly code: HttpFaultCode;

  constructor(code: HttpFaultCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** An answer that breaks the rules of HTTP (RFC 9112): what follows on its connection means nothing. */
export function badAnswer(what: string): HttpFault {
  return new HttpFault('HTTP_BAD_ANSWER', `the server broke the rules of HTTP: ${what}`);
}
