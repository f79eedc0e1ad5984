import type { Client, McpSubscription } from '@modelcontextprotocol/client';

/** Streams of the newer era, by client and address. */
const streams = new WeakMap<Client, Map<string, McpSubscription>>();

/** Has a server tell when a resource changes, in the way of its era. */
export async function watchResource(client: Client, uri: string): Promise<void> {
  if (client.getProtocolEra() === 'legacy') {
    await client.subscribeResource({ uri });
    return;
  }
  const own = streams.get(client) ?? new Map<string, McpSubscription>();
  streams.set(client, own);
  if (own.has(uri)) return;
  const stream = await client.listen({ resourceSubscriptions: [uri] });
  own.set(uri, stream);
  void stream.closed.then(() => own.delete(uri));
}

/** It need not tell any more. */
export async function unwatchResource(client: Client, uri: string): Promise<void> {
  if (client.getProtocolEra() === 'legacy') {
    await client.unsubscribeResource({ uri });
    return;
  }
  await streams.get(client)?.get(uri)?.close();
}
