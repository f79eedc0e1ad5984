import { RpcError } from '@zeke/rpc';
import { apiError, apiErrorInfo } from '../neutral/api-error.ts';
import type { DialectName } from '../neutral/dialect-name.ts';
import type { JsonObject, TranslationNote } from './dialect.ts';
import { callerName } from './field-names.ts';
import { dialects } from './index.ts';

/**
 * Writes a request for a provider, and tells what becomes of its fields by the names that the
 * caller knows: in the notes, and in the error that `encode` may throw. `body` is the caller's,
 * parsed: of several names for a field the one that stands there is taken.
 */
export function inCallersWords<Encoded extends { notes: readonly TranslationNote[] }>(
  caller: DialectName,
  body: JsonObject | undefined,
  encode: () => Encoded,
): Encoded & { notes: TranslationNote[] } {
  let encoded: Encoded;
  try {
    encoded = encode();
  } catch (reason) {
    throw renamedError(caller, body, reason);
  }
  return { ...encoded, notes: renamedNotes(caller, body, encoded.notes) };
}

/** Several neutral fields may be one of the caller's: it is named once, as dropped only if all are. */
function renamedNotes(
  caller: DialectName,
  body: JsonObject | undefined,
  notes: readonly TranslationNote[],
): TranslationNote[] {
  const byName = new Map<string, TranslationNote>();
  for (const note of notes) {
    const field = callerName(dialects[caller].fieldNames, note.field, body);
    const earlier = byName.get(field);
    if (!earlier || (earlier.action === 'dropped' && note.action === 'mapped')) {
      byName.set(field, { ...note, field });
    }
  }
  return [...byName.values()];
}

function renamedError(caller: DialectName, body: JsonObject | undefined, reason: unknown): unknown {
  if (!(reason instanceof RpcError)) return reason;
  const info = apiErrorInfo(reason);
  // What a provider says of its own fields is not ours to rename.
  if (info.param === undefined || info.provider !== undefined) return reason;
  const param = callerName(dialects[caller].fieldNames, info.param, body);
  if (param === info.param) return reason;
  const { message } = reason;
  const text = message.startsWith(info.param) ? param + message.slice(info.param.length) : message;
  return apiError(reason.code, text, {
    ...info,
    param,
    retryable: reason.retryable,
    cause: reason,
  });
}
