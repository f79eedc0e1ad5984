import { LoopbackListener } from '@zeke/foundation';

/** How a person's browser is sent to a login, and what it brings back. */
export interface SignIn {
  /** Where the browser comes back to. */
  readonly redirectUrl: string;
  /** The query that it brings back with this state. */
  answer(url: URL, state: string, signal: AbortSignal): Promise<URLSearchParams>;
}

/** A login through a browser that comes back to this machine (RFC 8252). Port 0 is any that is free. */
export function loopbackSignIn(open: (url: URL) => void, port = 0): SignIn & Disposable {
  const listener = new LoopbackListener(port);
  return {
    redirectUrl: listener.redirectUri,
    answer(url, state, signal) {
      open(url);
      return listener.answer(state, signal);
    },
    [Symbol.dispose]: () => listener[Symbol.dispose](),
  };
}
