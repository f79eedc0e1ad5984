import {
  type Intent,
  intents,
  type MergeName,
  mergeNames,
  type Stickiness,
  type StrategyName,
  stickinessNames,
  strategyNames,
} from '@zeke/foundation';
import { z } from 'zod';
import type { JsonObject } from '../dialects/dialect.ts';
import { apiError } from '../neutral/api-error.ts';

/** What counts how much; shares of their sum. */
export interface PriorityWeights {
  readonly cost: number;
  readonly latency: number;
  readonly quality: number;
  readonly reliability: number;
}

/** The most candidates that are asked at once. */
const maxAtOnce = 8;

const maxNames = 32;
const maxNameChars = 2_048;
const maxSessionIdChars = 256;

const maxBudgetUsd = 1_000_000;
const maxWaitMs = 86_400_000;
const maxTagChars = 99;

const trueOrFalse = 'it must be true or false';
const weight = number(0, 1_000).default(0);

/** The member `omen` as a caller writes it. */
export const routingSchema = z.strictObject({
  strategy: choice(strategyNames).optional(),
  k: whole(1, maxAtOnce).optional(),
  providers: z
    .array(text(maxNameChars), `it must be a list of 1 to ${maxNames} names`)
    .min(1, 'it must name somebody')
    .max(maxNames, `it must name ${maxNames} at most`)
    .optional(),
  max_latency_ms: whole(1, maxWaitMs).optional(),
  stickiness: choice(stickinessNames).optional(),
  session_id: text(maxSessionIdChars).optional(),
  priority_weights: z
    .strictObject({ cost: weight, latency: weight, quality: weight, reliability: weight })
    .refine((weights) => Object.values(weights).some((each) => each > 0), 'all weights are 0')
    .optional(),
  min_useful_tokens: whole(1, 1_000).optional(),
  intent: choice(intents).optional(),
  privacy: choice(['any', 'local_only']).optional(),
  upgrade: z.boolean(trueOrFalse).optional(),
  include_cost: z.boolean(trueOrFalse).optional(),
  merge: choice(mergeNames).optional(),
  judge: text(maxNameChars).optional(),
  budget_usd: number(0, maxBudgetUsd).optional(),
  tags: z.record(text(maxTagChars), text(maxTagChars, 0)).optional(),
  merge_wait_ms: whole(1, maxWaitMs).optional(),
});

/** What a request says of its routing: its member `omen`, in any JSON dialect, or headers. */
export interface RoutingRequest {
  readonly strategy?: StrategyName | undefined;
  /** How many candidates are asked at once. */
  readonly k?: number | undefined;
  /** Names of providers, or of models as `provider/model`: no others are asked. */
  readonly providers?: readonly string[] | undefined;
  /** The longest time to the first token, or to an answer that comes whole. */
  readonly maxLatencyMs?: number | undefined;
  readonly stickiness?: Stickiness | undefined;
  readonly sessionId?: string | undefined;
  readonly weights?: PriorityWeights | undefined;
  readonly minUsefulTokens?: number | undefined;
  readonly intent?: Intent | undefined;
  /** `local_only`: no provider elsewhere may be asked. */
  readonly privacy?: 'any' | 'local_only' | undefined;
  /** A stream of `speculate_k` may take its first answer back for another's. */
  readonly upgrade?: boolean | undefined;
  /** A stream ends with what it has cost. */
  readonly includeCost?: boolean | undefined;
  /** How several answers become one. */
  readonly merge?: MergeName | undefined;
  /** The model that judges them. */
  readonly judge?: string | undefined;
  /** How long answers are waited for once one is there, and then the judge. */
  readonly mergeWaitMs?: number | undefined;
  /** What all attempts of the request together may cost. */
  readonly budgetMicroUsd?: number | undefined;
  /** What the request is counted for, as `name=value`. */
  readonly tags?: readonly string[] | undefined;
}

/** The member of a request's body. It is taken out before a provider is asked. */
export const routingMember = 'omen';

/**
 * Reads what a request says of its routing; undefined where it says nothing. The body wins over the
 * headers `x-zeke-strategy`, `x-zeke-providers` (a list with commas), `x-zeke-budget-usd` and `x-intent`.
 * @throws RpcError invalid_argument that names the field.
 */
export function readRouting(body: JsonObject, headers: Headers): RoutingRequest | undefined {
  const member = body[routingMember];
  const ofHeaders = routingOfHeaders(headers);
  if (member === undefined && ofHeaders === undefined) return undefined;
  if (member !== undefined && !isObject(member)) {
    throw badField(routingMember, 'it must be an object');
  }
  const parsed = routingSchema.safeParse({ ...ofHeaders, ...(member as JsonObject | undefined) });
  if (!parsed.success) throw faultOf(parsed.error.issues[0], ofHeaders);
  const { data } = parsed;
  if (data.stickiness !== undefined && data.stickiness !== 'none' && !data.session_id) {
    throw badField('omen.session_id', `stickiness ${data.stickiness} needs it`);
  }
  return {
    strategy: data.strategy,
    k: data.k,
    providers: data.providers,
    maxLatencyMs: data.max_latency_ms,
    stickiness: data.stickiness,
    sessionId: data.session_id,
    weights: data.priority_weights,
    minUsefulTokens: data.min_useful_tokens,
    intent: data.intent,
    privacy: data.privacy,
    upgrade: data.upgrade,
    includeCost: data.include_cost,
    merge: data.merge,
    judge: data.judge,
    mergeWaitMs: data.merge_wait_ms,
    budgetMicroUsd: data.budget_usd === undefined ? undefined : Math.round(data.budget_usd * 1e6),
    tags: data.tags && Object.entries(data.tags).map(([name, value]) => `${name}=${value}`),
  };
}

const headerOf: Readonly<Record<string, string>> = {
  strategy: 'x-zeke-strategy',
  providers: 'x-zeke-providers',
  intent: 'x-intent',
  budget_usd: 'x-zeke-budget-usd',
};

function routingOfHeaders(headers: Headers): JsonObject | undefined {
  const strategy = headers.get('x-zeke-strategy');
  const providers = headers.get('x-zeke-providers');
  const intent = headers.get('x-intent');
  const budget = headers.get('x-zeke-budget-usd');
  if (strategy === null && providers === null && intent === null && budget === null) {
    return undefined;
  }
  return {
    ...(strategy === null ? {} : { strategy }),
    ...(providers === null ? {} : { providers: providers.split(',').map((name) => name.trim()) }),
    ...(intent === null ? {} : { intent }),
    ...(budget === null
      ? {}
      : { budget_usd: /^\d+(\.\d+)?$/.test(budget) ? Number(budget) : budget }),
  };
}

function faultOf(issue: z.core.$ZodIssue | undefined, ofHeaders: JsonObject | undefined): Error {
  if (issue === undefined) return badField(routingMember, 'it is not valid');
  const extra = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const path = [...issue.path, ...(extra === undefined ? [] : [extra])].map(String);
  const header = ofHeaders?.[path[0] ?? ''] === undefined ? undefined : headerOf[path[0] ?? ''];
  const field = header ?? [routingMember, ...path].join('.');
  if (extra !== undefined) {
    const known =
      issue.path.length === 0 ? `: known are ${Object.keys(routingSchema.shape).join(', ')}` : '';
    return badField(field, `there is no such field${known}`);
  }
  return badField(field, issue.message);
}

function badField(param: string, what: string): Error {
  return apiError('invalid_argument', `${param}: ${what}`, { param, reason: 'invalid_routing' });
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function number(min: number, max: number) {
  const error = `it must be a number from ${min} to ${max}`;
  return z.number(error).min(min, error).max(max, error);
}

function whole(min: number, max: number) {
  const error = `it must be a whole number from ${min} to ${max}`;
  return z.int(error).min(min, error).max(max, error);
}

function text(maxChars: number, minChars = 1) {
  const error = `it must be a text of ${minChars} to ${maxChars} characters`;
  return z.string(error).min(minChars, error).max(maxChars, error);
}

function choice<const Options extends readonly [string, ...string[]]>(options: Options) {
  return z.enum(options, { error: `it must be one of ${options.join(', ')}` });
}
