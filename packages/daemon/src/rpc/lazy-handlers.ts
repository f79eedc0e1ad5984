import type { CallContext, ServiceType } from '@zeke/rpc';

type Handler = (request: never, context: CallContext) => unknown;
type Named = Readonly<Record<string, Handler>>;

/**
 * Handlers of a service that are loaded with its first call: a daemon that nobody codes with has none of
 * them in memory. Of unary methods, and of those that answer with a stream.
 */
export function lazyHandlers(
  service: ServiceType,
  load: () => Promise<object>,
): Readonly<Record<string, unknown>> {
  const handlers: Record<string, unknown> = {};
  for (const [name, { kind }] of Object.entries(service.methods)) {
    const find = async (): Promise<Handler | undefined> => {
      const all = (await load()) as Named;
      return all[name]?.bind(all);
    };
    handlers[name] = kind === 'unary' ? unary(find) : streaming(find);
  }
  return handlers;
}

function unary(find: () => Promise<Handler | undefined>) {
  return async (request: never, context: CallContext) => (await find())?.(request, context);
}

function streaming(find: () => Promise<Handler | undefined>) {
  return async function* (request: never, context: CallContext) {
    yield* (await find())?.(request, context) as AsyncIterable<unknown>;
  };
}
