import type { HttpAnswer, HttpHeaders } from './http-answer.ts';
import type { HttpRequest } from './request-text.ts';

/** Asks by `fetch`, which goes over proxies; as `HttpClient` it follows no redirect. */
export async function sendByFetch(
  send: typeof fetch,
  { url, method, headers, body, signal }: HttpRequest,
): Promise<HttpAnswer> {
  const init = { method, headers, body, signal, redirect: 'manual', timeout: false };
  return new FetchAnswer(await send(url, init as RequestInit));
}

class FetchAnswer implements HttpAnswer {
  readonly status: number;
  readonly ok: boolean;
  readonly headers: HttpHeaders;
  readonly isAtHand = false;
  readonly #body: ReadableStream<Uint8Array> | null;
  #reader:
    | { read(): Promise<{ value?: Uint8Array | undefined }>; cancel(): Promise<void> }
    | undefined;

  constructor({ body, headers, ok, status }: Response) {
    this.status = status;
    this.ok = ok;
    this.headers = headers;
    this.#body = body;
  }

  async read(): Promise<Uint8Array | undefined> {
    this.#reader ??= this.#body?.getReader();
    return (await this.#reader?.read())?.value;
  }

  cancel(): void {
    const ending = this.#reader ? this.#reader.cancel() : this.#body?.cancel();
    // Who cancels does not wait for it.
    ending?.catch(() => undefined);
  }
}
