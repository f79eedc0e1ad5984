import { equalInConstantTime } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { printable } from './output.ts';

/** Listens on loopback for the browser that comes back from a login (RFC 8252, section 7.3). */
export class LoopbackListener implements Disposable {
  readonly redirectUri: string;
  readonly #server: ReturnType<typeof Bun.serve>;
  #state: string | undefined;
  readonly #came = Promise.withResolvers<URLSearchParams>();

  constructor() {
    this.#server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: (request) => this.#answer(request),
    });
    this.redirectUri = `http://127.0.0.1:${this.#server.port}/callback`;
  }

  /**
   * The code that the browser brings with this state; one with another state is sent away, and waited
   * on. Throws `unauthenticated` when the login was refused, `deadline_exceeded` or `canceled` when
   * nobody comes before the signal.
   */
  async code(state: string, signal: AbortSignal): Promise<string> {
    this.#state = state;
    const ended = Promise.withResolvers<never>();
    const end = () => ended.reject(signal.reason);
    signal.addEventListener('abort', end);
    try {
      signal.throwIfAborted();
      const query = await Promise.race([this.#came.promise, ended.promise]);
      const code = query.get('code');
      if (code) return code;
      const why = query.get('error_description') ?? query.get('error') ?? 'there is no code';
      throw new RpcError('unauthenticated', `the login failed: ${printable(why.slice(0, 500))}`);
    } catch (reason) {
      if (reason instanceof RpcError) throw reason;
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
      return text(400, 'This is not the login that the command line waits for.');
    }
    this.#came.resolve(searchParams);
    return searchParams.has('code')
      ? text(200, 'You are logged in. You can close this page and go back to the terminal.')
      : text(200, 'The login failed. The terminal says why.');
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
