import { type Exchange, jsonResponse } from '../exchange.ts';
import type { Services } from '../services.ts';

/** `GET /cache/stats`: what is kept, and what the cache had to do since the start. */
export async function cacheStats(services: Services, exchange: Exchange): Promise<Response> {
  const { cache } = services;
  if (!cache) return jsonResponse(exchange, { enabled: false });
  return jsonResponse(exchange, { enabled: true, ...(await cache.stats()) });
}

/** `POST /cache/clear`: forgets all answers. */
export async function clearCache(services: Services, exchange: Exchange): Promise<Response> {
  return jsonResponse(exchange, { cleared: (await services.cache?.clear()) ?? 0 });
}
