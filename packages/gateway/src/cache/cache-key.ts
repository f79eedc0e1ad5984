import type { JsonObject } from '../dialects/dialect.ts';
import type { Caller } from '../governance/authenticate.ts';
import type { ChatCall } from '../http/chat-endpoint.ts';
import type { ChatRequest } from '../neutral/chat-request.ts';
import type { Candidate, ModelAlias } from '../routing/model-catalog.ts';
import type { RoutingRequest } from '../routing/routing-request.ts';
import { canonicalJson } from './canonical-json.ts';

/** What tells one request from another. */
export interface KeyedRequest {
  readonly call: Pick<
    ChatCall,
    'body' | 'decode' | 'dialect' | 'forwardHeaders' | 'onlyProvider' | 'text' | 'via'
  >;
  /** Those that may answer. */
  readonly candidates: readonly Candidate[];
  /** Whether the caller's bytes go through to one of them. */
  readonly passes: boolean;
  readonly routing: RoutingRequest | undefined;
  /** How the alias that the caller names is answered; absent where it is none. */
  readonly manner?: AliasManner | undefined;
  readonly caller: Pick<Caller, 'keyId' | 'owner'>;
  /** The rules that the request and its answer are held to; absent where there are none. */
  readonly guard?: string | undefined;
}

/** What of an alias decides on the answer, beside who may give it. */
export interface AliasManner extends Pick<ModelAlias, 'strategy' | 'k' | 'merge' | 'judge'> {
  /** What the judge stands for, where it is an alias itself. */
  readonly judges?: readonly string[] | undefined;
}

export interface KeyRules {
  /** Whose requests share answers. */
  readonly scope: 'key' | 'shared';
  /** Requests with a higher temperature are not for the cache; one that is not given is 1. */
  readonly maxTemperature: number;
}

/**
 * The name of the answer to a request; undefined where its answer is not to be kept: its temperature
 * is too high, providers run tools for it, it goes on with what a provider keeps, or its answer may
 * hold what the neutral form has no room for.
 *
 * Where bytes may go through to a provider, requests are the same when their bodies are, in one
 * dialect; elsewhere they are when they mean the same, in whichever dialect.
 */
export function cacheKey(request: KeyedRequest, rules: KeyRules): string | undefined {
  const { call, candidates, caller, guard, manner, passes, routing } = request;
  // The answer would be kept here, and what went before it only there.
  if (call.onlyProvider !== undefined) return undefined;
  // Most requests name none, and need not be read for it.
  if (rules.maxTemperature < 1 && !call.text.includes('temperature')) return undefined;
  const read = readFully(call);
  if (read === undefined || (read.temperature ?? 1) > rules.maxTemperature) return undefined;
  const asked = passes || !read.request ? wordsOf(call) : meaningOf(read.request);
  const canonical = canonicalJson([
    rules.scope === 'shared' ? null : [caller.keyId ?? null, caller.owner ?? null],
    candidates.map(({ model, provider }) => [provider.name, model]),
    [mannerOf(manner), routing === undefined ? null : choiceOf(routing)],
    asked,
    ...(guard === undefined ? [] : [guard]),
  ]);
  if (canonical === undefined) return undefined;
  return new Bun.CryptoHasher('sha256').update(canonical).digest('base64url');
}

interface Read {
  readonly temperature: number | undefined;
  /** Absent for endpoints that take a text to go on with. */
  readonly request?: ChatRequest;
}

/** Undefined where the answer may say what cannot be said again. */
function readFully(call: KeyedRequest['call']): Read | undefined {
  if (call.via) return { temperature: temperatureOfCompletion(call.body) };
  try {
    const request = call.decode();
    // Decoded once, for this and for providers of another dialect.
    call.decode = () => request;
    const { extensions, temperature, tools = [] } = request;
    if (tools.some(({ hosted }) => hosted !== undefined)) return undefined;
    if (beyondNeutral.test(JSON.stringify(extensions.fields))) return undefined;
    return { temperature, request };
  } catch {
    // What is wrong with the request is told by who would have to answer it.
    return undefined;
  }
}

/** Fields of vendors that bring sounds, or what their servers found and ran, into answers. */
const beyondNeutral =
  /"(web_search_options|modalities|audio|responseModalities|response_modalities|speechConfig|speech_config|mcp_servers|container|background)":/;

function temperatureOfCompletion({ options, temperature }: JsonObject): number | undefined {
  const given =
    typeof options === 'object' && options !== null
      ? (options as JsonObject).temperature
      : temperature;
  return typeof given === 'number' ? given : undefined;
}

/** Members of bodies, in any dialect, that say nothing of what is to be answered. */
const besides: ReadonlySet<string> = new Set([
  'model',
  'stream',
  'stream_options',
  'metadata',
  'labels',
  'user',
  'safety_identifier',
  'store',
  'prompt_cache_key',
  'prompt_cache_retention',
  'keep_alive',
]);

/** Numbers that lose digits when they are parsed. */
const longNumber = /[[:,]\s*-?\d{16}/;

function wordsOf({ body, dialect, forwardHeaders, text, via }: KeyedRequest['call']): unknown {
  const members = Object.entries(body).filter(([name]) => !besides.has(name));
  return [
    dialect.name,
    via ? 'completion' : 'chat',
    forwardHeaders ?? {},
    Object.fromEntries(members),
    longNumber.test(text) ? text : '',
  ];
}

function meaningOf(request: ChatRequest): unknown {
  const {
    model: _,
    stream: __,
    streamUsage: ___,
    user: ____,
    metadata: _____,
    promptCacheKey: ______,
    extensions,
    ...meaning
  } = request;
  const fields = Object.entries(extensions.fields).filter(([name]) => !besides.has(name));
  return [meaning, fields.length === 0 ? null : [extensions.dialect, Object.fromEntries(fields)]];
}

function mannerOf(manner: AliasManner | undefined): unknown {
  if (manner === undefined) return null;
  const { judge, judges, k, merge, strategy } = manner;
  return [strategy, k ?? null, merge ?? null, judge ?? null, judges ?? null];
}

/** What of the routing decides who answers and how. */
function choiceOf(routing: RoutingRequest): unknown {
  const { maxLatencyMs: _, sessionId: __, stickiness: ___, ...choice } = routing;
  return choice;
}
