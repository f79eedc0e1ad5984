import type { SessionSource, Stickiness } from '@zeke/foundation';
import type { JsonObject } from '../dialects/dialect.ts';
import type { Caller } from '../governance/authenticate.ts';
import type { ChatMessage, ChatRequest } from '../neutral/chat-request.ts';
import type { ModelAlias } from './model-catalog.ts';
import type { RoutingRequest } from './routing-request.ts';

/** A request, as far as it tells which session it is part of. */
export interface SessionRequest {
  /** As the caller named it. */
  readonly model: string;
  readonly alias: ModelAlias | undefined;
  readonly routing: RoutingRequest | undefined;
  readonly caller: Caller;
  readonly headers: Headers;
  readonly body: JsonObject;
  /** Absent where nobody knows in which dialect the body is: what is said in it tells nothing then. */
  readonly decode?: (() => ChatRequest) | undefined;
}

/**
 * What a request's session is remembered by; undefined where it is part of none. What the request says
 * of sessions goes before what its alias does. No two callers share a session, nor do two aliases. A
 * turn is all requests after the same words of the user: the loop of an agent's tools.
 */
export function sessionKey(request: SessionRequest): string | undefined {
  const stickiness = stickinessOf(request);
  if (stickiness === 'none') return undefined;
  const session = request.routing?.stickiness ? ofRequest(request) : ofAlias(request);
  if (session === undefined || stickiness === 'session') return session;
  const read = readIn(request);
  return read && `${session} ${turnOf(read)}`;
}

/** How long a request is to stay with who answered: as it says itself, else as its alias does. */
export function stickinessOf({
  alias,
  routing,
}: Pick<SessionRequest, 'alias' | 'routing'>): Stickiness {
  return routing?.stickiness ?? alias?.stickiness ?? 'none';
}

function ofRequest({ caller, routing }: SessionRequest): string | undefined {
  return routing?.sessionId === undefined
    ? undefined
    : JSON.stringify([callerOf(caller), routing.sessionId]);
}

function ofAlias(request: SessionRequest): string | undefined {
  for (const source of request.alias?.sessionBy ?? []) {
    const value = valueIn(source, request);
    if (value === undefined) continue;
    return JSON.stringify([callerOf(request.caller), request.model, source, value]);
  }
  return undefined;
}

function callerOf({ keyId, owner }: Caller): string {
  return keyId ?? owner ?? '';
}

/** What a request has of a source; undefined: nothing. */
function valueIn(source: SessionSource, request: SessionRequest): string | undefined {
  const { body, headers, routing } = request;
  switch (source) {
    case 'id':
      return (
        routing?.sessionId ?? nameIn(headers.get(sessionHeader)) ?? nameIn(body.prompt_cache_key)
      );
    case 'user':
      return nameIn(body.safety_identifier) ?? nameIn(body.user) ?? nameIn(userOf(body.metadata));
    case 'conversation':
      return conversationOf(readIn(request));
    case 'key':
      return '';
    default:
      return nameIn(headers.get(source.slice(headerPrefix.length)));
  }
}

const sessionHeader = 'x-session-id';
const headerPrefix = 'header:';
/** Names that are longer are remembered by their hash. */
const maxNameChars = 256;

function nameIn(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  return value.length > maxNameChars ? hashOf(value) : value;
}

/** Anthropic's. */
function userOf(metadata: unknown): unknown {
  return typeof metadata === 'object' && metadata !== null && 'user_id' in metadata
    ? metadata.user_id
    : undefined;
}

/** What is wrong with a request is told by who would have to answer it. */
function readIn({ decode }: SessionRequest): ChatRequest | undefined {
  try {
    return decode?.();
  } catch {
    return undefined;
  }
}

/** The beginning of a conversation, which all its requests have in common: up to the user's first words. */
function conversationOf(request: ChatRequest | undefined): string | undefined {
  const { messages = [], system = [] } = request ?? {};
  const first = messages.findIndex(saysSomething);
  if (first < 0) return undefined;
  const said = messages.slice(0, first + 1).map(({ parts, role }) => [role, parts.map(words)]);
  return hashOf(JSON.stringify([system.map(words), said]));
}

function turnOf({ messages }: ChatRequest): string {
  const said = messages.findLast(saysSomething);
  return hashOf(JSON.stringify((said?.parts ?? []).map(words)));
}

function saysSomething({ parts, role }: ChatMessage): boolean {
  return role === 'user' && parts.some(({ type }) => type !== 'tool-result');
}

/** Without the mark of a cache, which clients move on with the conversation. */
function words(part: ChatMessage['parts'][number]): object {
  return { ...part, cache: undefined };
}

function hashOf(text: string): string {
  return Bun.hash(text).toString(36);
}
