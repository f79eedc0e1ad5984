import type { JsonObject } from '../../dialects/dialect.ts';
import { type RoutingRequest, routingMember } from '../../routing/routing-request.ts';
import type { Exchange } from '../exchange.ts';
import { takeSequential } from '../sequential-routing.ts';

const openingBrace = 0x7b;
const quotedMember = `"${routingMember}"`;

/**
 * Reads what a request that is passed on says of its routing, in its headers and, where its body is a
 * JSON object, in the member `omen`, which is taken out. Other bodies stay as they are, to the byte.
 * @throws RpcError invalid_argument that names a field which cannot be honoured.
 */
export function takeRawRouting(
  exchange: Exchange,
  body: Uint8Array,
): { body: Uint8Array; routing: RoutingRequest | undefined } {
  const call = jsonWithMember(body);
  if (call === undefined) {
    return { body, routing: takeSequential(exchange, { body: {}, text: '' }, what) };
  }
  const routing = takeSequential(exchange, call, what);
  return { body: Buffer.from(call.text), routing };
}

const what = 'requests that are passed on';

/** Undefined for a body that is no object, and for one without the member: most are not parsed. */
function jsonWithMember(bytes: Uint8Array): { body: JsonObject; text: string } | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isObject = bytes.find((byte) => byte > 0x20) === openingBrace;
  if (!isObject || !buffer.includes(quotedMember)) return undefined;
  const text = buffer.toString();
  try {
    const body = JSON.parse(text) as JsonObject;
    return Object.hasOwn(body, routingMember) ? { body, text } : undefined;
  } catch {
    // What is no JSON is the provider's to refuse.
    return undefined;
  }
}
