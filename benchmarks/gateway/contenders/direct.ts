import { providerKey } from '../answers.ts';
import type { RequestShape, RequestTarget } from '../requests.ts';
import type { Contender, StartOptions } from './contender.ts';

/** Nothing between client and emulator: what the rest of the setting costs by itself. */
export function direct({ emulatorPort }: StartOptions): Contender {
  return {
    name: 'direct',
    title: 'direct',
    pid: undefined,
    target: (shape) => directTarget(emulatorPort, shape),
    untouched: () => true,
    [Symbol.asyncDispose]: async () => {},
  };
}

/** A request with the provider's own key and model. */
export function directTarget(port: number, { provider }: RequestShape): RequestTarget {
  const headers: Record<string, string> =
    provider === 'openai'
      ? { authorization: `Bearer ${providerKey}` }
      : { 'x-api-key': providerKey };
  return { port, modelPrefix: '', headers };
}
