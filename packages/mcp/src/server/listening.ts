import type { ServerEvent, ServerEventBus } from '@modelcontextprotocol/server';
import type { Served } from './served.ts';

/** The resources that a `subscriptions/listen` is about; empty for what is malformed. */
export function listenUris(params: unknown): string[] {
  const { notifications } = (params ?? {}) as {
    notifications?: { resourceSubscriptions?: unknown };
  };
  const uris = notifications?.resourceSubscriptions;
  return Array.isArray(uris) ? uris.filter((uri) => typeof uri === 'string') : [];
}

/** The changes of what is served, for one stream of the stateless era, from its first listener on. */
export class ListenBus implements ServerEventBus {
  readonly #served: Served;
  /** Begins and ends with the stream. */
  readonly #whileHeard: () => () => void;
  readonly #listeners = new Set<(event: ServerEvent) => void>();

  constructor(served: Served, whileHeard: () => () => void) {
    this.#served = served;
    this.#whileHeard = whileHeard;
  }

  publish(event: ServerEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  subscribe(listener: (event: ServerEvent) => void): () => void {
    this.#listeners.add(listener);
    const { prompts, resources, tools } = this.#served;
    const tell = (kind: 'tools' | 'prompts' | 'resources') => () =>
      listener({ kind: `${kind}_list_changed` });
    const stops = [
      tools?.onChange?.(tell('tools')),
      prompts?.onChange?.(tell('prompts')),
      resources?.onChange?.(tell('resources')),
      this.#whileHeard(),
    ];
    return () => {
      if (!this.#listeners.delete(listener)) return;
      for (const stop of stops) stop?.();
    };
  }
}
