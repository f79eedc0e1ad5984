import { metricsContentTypes, metricsFormatFor } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { sql } from 'kysely';
import { type Exchange, jsonResponse } from '../exchange.ts';
import type { Services } from '../services.ts';

/**
 * `GET /health`: the process answers, and will go on doing so; 503 as soon as it is told to end. A Redis
 * that is lost is told, and is no reason to send requests elsewhere: all replicas have lost it.
 */
export function health({ draining, replicas }: Services, exchange: Exchange): Response {
  if (draining) return jsonResponse(exchange, { status: 'draining' }, { status: 503 });
  const shared = replicas && {
    redis: replicas.link.isUp ? 'up' : 'lost',
    replicas: replicas.count,
  };
  return jsonResponse(exchange, { status: 'ok', ...shared });
}

/**
 * `GET /ready`: it can do its work: the database answers, or is away for so short that who was let in
 * goes on, and there is a provider.
 */
export async function ready(services: Services, exchange: Exchange): Promise<Response> {
  if (services.draining) return health(services, exchange);
  const faults: string[] = [];
  const { outage } = services.keys;
  try {
    await outage.ask(() => sql`select 1`.execute(services.storage.db));
  } catch (reason) {
    if (!outage.isBridged) {
      faults.push(`the database does not answer: ${RpcError.from(reason).message}`);
    }
  }
  if (services.catalog.providers.length === 0) faults.push('no provider is configured');
  const isReady = faults.length === 0;
  return jsonResponse(exchange, isReady ? { status: 'ready' } : { status: 'not ready', faults }, {
    status: isReady ? 200 : 503,
  });
}

/** `GET /status`: what runs here. */
export function status(services: Services, exchange: Exchange): Response {
  return jsonResponse(exchange, {
    status: services.draining ? 'draining' : 'ok',
    version: services.version,
    pid: process.pid,
    uptimeSeconds: Math.floor(process.uptime()),
    storage: services.storage.kind,
    ...(services.replicas
      ? { redis: services.replicas.link.state, replicas: services.replicas.count }
      : {}),
    ledger: { waiting: services.ledger.waiting, spooledBytes: services.ledger.spooledBytes },
    providers: services.catalog.providers.map(({ accounts, local, name, type }) => ({
      name,
      type,
      local,
      ...(accounts ? { keys: accounts.length } : {}),
    })),
  });
}

/** `GET /metrics`, in the format that the caller likes best. */
export async function metrics({ registry }: Services, { request }: Exchange): Promise<Response> {
  const format = metricsFormatFor(request.headers.get('accept'));
  return new Response(await registry.text(format), {
    headers: { 'content-type': metricsContentTypes[format], vary: 'accept' },
  });
}
