import type { Server } from '@modelcontextprotocol/server';
import type { Served } from './served.ts';

/** Tells a client on a connection when lists have changed, until the function it gives back is called. */
export function followChanges({ prompts, resources, tools }: Served, server: Server): () => void {
  const tell =
    (method: `notifications/${'tools' | 'prompts' | 'resources'}/list_changed`) => () => {
      server.notification({ method }).catch(() => undefined);
    };
  const stops = [
    tools?.onChange?.(tell('notifications/tools/list_changed')),
    prompts?.onChange?.(tell('notifications/prompts/list_changed')),
    resources?.onChange?.(tell('notifications/resources/list_changed')),
  ];
  return () => {
    for (const stop of stops) stop?.();
  };
}
