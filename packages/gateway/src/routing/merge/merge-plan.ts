import type { MergeName } from '@zeke/foundation';
import { apiError } from '../../neutral/api-error.ts';
import type { ModelAlias } from '../model-catalog.ts';
import type { RoutingRequest } from '../routing-request.ts';

/** How several answers become one. */
export interface MergePlan {
  readonly kind: MergeName;
  /** The model that is asked, and whether the request itself names it; absent where none is needed. */
  readonly judge?: { readonly name: string; readonly isOfRequest: boolean };
  /** How long answers are waited for where one is there, and then the judge, in milliseconds. */
  readonly waitMs?: number;
}

/** @throws RpcError invalid_argument that names the field where a judge is missing, or asks itself. */
export function mergePlan(
  model: string,
  alias: ModelAlias | undefined,
  routing: RoutingRequest | undefined,
): MergePlan {
  const kind = routing?.merge ?? alias?.merge ?? 'vote';
  const given = routing?.mergeWaitMs ?? alias?.mergeWaitMs;
  const waitMs = Math.min(
    given ?? Number.POSITIVE_INFINITY,
    routing?.maxLatencyMs ?? Number.POSITIVE_INFINITY,
  );
  const wait = Number.isFinite(waitMs) ? { waitMs } : {};
  if (kind === 'vote') return { kind, ...wait };
  const name = routing?.judge ?? alias?.judge;
  if (name === undefined) throw badJudge(`${kind} needs a model that judges`);
  if (alias && name === model) throw badJudge(`${name.slice(0, 200)} cannot judge its own answers`);
  return { kind, judge: { name, isOfRequest: routing?.judge !== undefined }, ...wait };
}

/** A fault of the judge that a request names, or does not name. */
export function badJudge(what: string): Error {
  return apiError('invalid_argument', `omen.judge: ${what}`, {
    param: 'omen.judge',
    reason: 'invalid_routing',
  });
}
