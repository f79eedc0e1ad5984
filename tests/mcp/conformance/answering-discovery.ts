/** A fetch that answers `server/discover` itself, and sends everything else on. */
export async function answeringDiscovery(
  input: string | URL,
  init?: RequestInit,
): Promise<Response> {
  const message = typeof init?.body === 'string' ? parsed(init.body) : undefined;
  if (message?.method !== 'server/discover') return fetch(input, init);
  return Response.json({
    jsonrpc: '2.0',
    id: message.id,
    result: {
      resultType: 'complete',
      supportedVersions: ['2026-07-28'],
      capabilities: { tools: {}, resources: {}, prompts: {} },
      ttlMs: 0,
      cacheScope: 'private',
    },
  });
}

function parsed(body: string): { method?: string; id?: unknown } | undefined {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
