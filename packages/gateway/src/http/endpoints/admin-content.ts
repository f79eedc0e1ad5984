import { RpcError } from '@zeke/rpc';
import { authorizeFor } from '../../governance/permissions.ts';
import { type Exchange, jsonResponse } from '../exchange.ts';
import type { Services } from '../services.ts';

/** `GET /admin/content/{request_id}`: a prompt and its answer, where they are kept. */
export async function readContent(
  services: Services,
  exchange: Exchange,
  id: string,
): Promise<Response> {
  // An answer that was just sent may not be kept yet.
  await services.background.current();
  const content = await services.content.get(id);
  authorizeFor(exchange.caller, 'content.read', content, `the content of ${id.slice(0, 100)}`);
  return jsonResponse(exchange, content, { headers: { 'cache-control': 'no-store' } });
}

/** `DELETE /admin/content/{request_id}` */
export async function deleteContent(
  services: Services,
  exchange: Exchange,
  id: string,
): Promise<Response> {
  await services.background.current();
  if (await services.content.remove(id)) return jsonResponse(exchange, { requestId: id });
  throw new RpcError('not_found', `nothing is kept of the request ${id.slice(0, 100)}`);
}
