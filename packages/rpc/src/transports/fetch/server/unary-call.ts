import { fromBase64 } from '../../../codec/base64.ts';
import type { TypeRegistry } from '../../../codec/type-registry.ts';
import { okTrailer, type Trailer } from '../../../core/call.ts';
import { Metadata } from '../../../core/metadata.ts';
import { sinkFault } from '../../../core/sink-fault.ts';
import { RpcError } from '../../../rpc-error.ts';
import { connectErrorToJson } from '../wire/connect-error.ts';
import { writeMetadata, writeUnaryTrailer } from '../wire/headers.ts';
import { httpStatusOfCode } from '../wire/http-status.ts';
import { HttpServerCall } from './http-server-call.ts';
import { readBody } from './request-body.ts';

/**
 * A unary call of the Connect protocol: one body there, one back, an error as JSON with the HTTP
 * status of its code. Source: https://connectrpc.com/docs/protocol#unary-request.
 */
export class UnaryServerCall extends HttpServerCall {
  #respond: (response: Response) => void = () => {};
  #answer: Uint8Array | undefined;
  #compress: boolean | undefined;
  /** What has come and was not delivered: the message, then the half-close. */
  #unread: Uint8Array | 'half-close' | undefined;

  override begin(): Promise<Response> {
    return new Promise((resolve) => {
      this.#respond = resolve;
      this.handle();
      if (!this.isOver) void this.#read();
    });
  }

  override sendMessage(bytes: Uint8Array, compress?: boolean): boolean {
    if (this.isOver) return true;
    if (this.#answer !== undefined) {
      this.fail(new RpcError('internal', `${this.path} answered with more than one message`));
      return true;
    }
    try {
      const wire = this.writeMessage(bytes);
      // The bytes are lent, and the response is made later.
      this.#answer = wire === bytes ? bytes.slice() : wire;
      this.#compress = compress;
    } catch (error) {
      this.fail(sinkFault(this.path, error));
    }
    return true;
  }

  override sendEnd(trailer: Trailer): void {
    this.handled();
    if (this.isOver) return;
    this.end();
    this.respondEnd(trailer);
  }

  override resume(): void {
    this.isPaused = false;
    this.#deliver();
  }

  protected override respondEnd(trailer: Trailer): void {
    const { error } = trailer;
    const { registry } = this.exchange.settings;
    if (error !== undefined) {
      this.#respond(unaryErrorResponse(error, registry, this.header, trailer.metadata));
    } else if (this.#answer === undefined) {
      const message = `${this.path} ended with the status OK and without a message`;
      this.#respond(unaryErrorResponse(new RpcError('internal', message)));
    } else {
      this.#respond(this.#response(this.#answer, trailer));
    }
  }

  async #read(): Promise<void> {
    try {
      const wire = await this.#requestBytes();
      if (this.isOver) return;
      this.#unread = this.readMessage(wire, true);
      this.#deliver();
      this.hearAbortSoon();
    } catch (error) {
      this.fail(sinkFault(this.path, error));
    }
  }

  #requestBytes(): Uint8Array | Promise<Uint8Array> {
    const { query, request } = this.exchange;
    if (query === undefined) return readBody(request, this.limits.maxMessageBytes);
    return messageOfQuery(query);
  }

  #deliver(): void {
    if (this.#unread instanceof Uint8Array && !this.isPaused && !this.isOver) {
      const bytes = this.#unread;
      this.#unread = 'half-close';
      this.sink.onMessage(bytes, this.exchange.requestCompressor !== undefined);
    }
    if (this.#unread === 'half-close' && !this.isPaused && !this.isOver) {
      this.#unread = undefined;
      this.sink.onHalfClose();
    }
  }

  #response(answer: Uint8Array, trailer: Trailer): Response {
    const { content, responseCompressor, query } = this.exchange;
    const headers: Record<string, string> = { 'content-type': content.contentType };
    const packed = this.compressed(answer, this.#compress);
    if (packed !== undefined) headers['content-encoding'] = responseCompressor?.name ?? '';
    if (query !== undefined) headers.vary = 'accept-encoding';
    const response = new Response((packed ?? answer) as Uint8Array<ArrayBuffer>, { headers });
    addMetadata(response, this.header, trailer.metadata);
    return response;
  }
}

/** The response of a unary call that failed. */
export function unaryErrorResponse(
  error: RpcError,
  registry?: TypeRegistry,
  header: Metadata = Metadata.empty,
  trailer: Metadata = okTrailer.metadata,
): Response {
  const response = new Response(JSON.stringify(connectErrorToJson(error, registry)), {
    status: httpStatusOfCode(error.code),
    headers: { 'content-type': 'application/json' },
  });
  addMetadata(response, header, trailer);
  return response;
}

/** To ask a response for its headers costs as much as to make it. */
function addMetadata(response: Response, header: Metadata, trailer: Metadata): void {
  if (header.size > 0) writeMetadata(header, response.headers);
  if (trailer.size > 0) writeUnaryTrailer(trailer, response.headers);
}

/** The message of a GET: https://connectrpc.com/docs/protocol#unary-get-request. */
function messageOfQuery(query: URLSearchParams): Uint8Array {
  const message = query.get('message');
  if (message === null) {
    throw new RpcError('invalid_argument', 'the query of a GET lacks the parameter message');
  }
  const base64 = query.get('base64');
  if (base64 === null || base64 === '0') return new TextEncoder().encode(message);
  // In a query that nobody has escaped, a plus sign has become a space.
  const bytes = fromBase64(message.replaceAll(' ', '+'));
  if (base64 !== '1' || bytes === undefined) {
    throw new RpcError('invalid_argument', 'the parameter message is not base64');
  }
  return bytes;
}
