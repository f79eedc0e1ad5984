import { RpcError } from '@zeke/rpc';
import { equalInConstantTime } from '../auth/hash-secret.ts';

/** Listens on loopback for the browser that comes back from a login (RFC 8252, section 7.3). */
export class LoopbackListener implements Disposable {
  readonly redirectUri: string;
  readonly #server: ReturnType<typeof Bun.serve>;
  #state: string | undefined;
  #came = Promise.withResolvers<URLSearchParams>();

  /** Port 0 is any that is free. Throws `failed_precondition` where the port is taken. */
  constructor(port = 0) {
    this.#server = listen(port, (request) => this.#answer(request));
    this.redirectUri = `http://127.0.0.1:${this.#server.port}/callback`;
  }

  /**
   * The query that the browser brings with this state; one with another state is sent away, and waited
   * on. Throws `deadline_exceeded` or `canceled` when nobody comes before the signal.
   */
  async answer(state: string, signal: AbortSignal): Promise<URLSearchParams> {
    this.#state = state;
    this.#came = Promise.withResolvers();
    const ended = Promise.withResolvers<never>();
    const end = () => ended.reject(signal.reason);
    signal.addEventListener('abort', end);
    try {
      signal.throwIfAborted();
      return await Promise.race([this.#came.promise, ended.promise]);
    } catch (reason) {
      const isLate = (reason as Error).name === 'TimeoutError';
      throw isLate
        ? new RpcError('deadline_exceeded', 'nobody has logged in in time')
        : new RpcError('canceled', 'canceled', { cause: reason });
    } finally {
      signal.removeEventListener('abort', end);
    }
  }

  [Symbol.dispose](): void {
    // What the browser is told goes out before.
    void this.#server.stop();
  }

  #answer({ method, url }: Request): Response {
    const { pathname, searchParams } = new URL(url);
    if (method !== 'GET' || pathname !== '/callback') return text(404, 'There is nothing here.');
    const state = searchParams.get('state');
    if (state === null || !this.#state || !equalInConstantTime(state, this.#state)) {
      return text(400, 'This is not the login that zeke waits for.');
    }
    this.#came.resolve(searchParams);
    return searchParams.has('code')
      ? text(200, 'You are logged in. You can close this page and go back to the terminal.')
      : text(200, 'The login failed. The terminal says why.');
  }
}

function listen(port: number, fetch: (request: Request) => Response) {
  try {
    return Bun.serve({ hostname: '127.0.0.1', port, fetch });
  } catch (cause) {
    const message = `port ${port} of 127.0.0.1 cannot be listened on: is it in use?`;
    throw new RpcError('failed_precondition', message, { cause });
  }
}

function text(status: number, said: string): Response {
  return new Response(`${said}\n`, {
    status,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      connection: 'close',
    },
  });
}
