import type { Listener } from './call.ts';

/** A Listener that closes like this. */
export function listenerOf(address: string, close: Listener['close']): Listener {
  return { address, close, [Symbol.asyncDispose]: () => close() };
}
