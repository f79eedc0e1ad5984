import { inCallersWords } from '../dialects/callers-words.ts';
import type { Dialect, Frame, JsonObject, TranslationNote } from '../dialects/dialect.ts';
import type { ChatRequest } from '../neutral/chat-request.ts';
import type { Operation } from '../providers/provider.ts';
import type { Candidate } from '../routing/model-catalog.ts';
import { spliceJson } from './splice-json.ts';

/** A request's body as it goes out. */
export interface OutgoingBody {
  body: string;
  notes: TranslationNote[];
  /** Records of the answer that only the gateway asked for. */
  withhold?: (frame: Frame) => boolean;
}

/** What `passedBody` needs to know of a caller's request. */
export interface PassedRequest {
  text: string;
  body: JsonObject;
  stream: boolean;
  /** True where the model's name stands in the body. */
  modelInBody: boolean;
}

/**
 * The caller's own bytes with the model's name replaced where it differs. A stream of OpenAI's
 * that would not say its usage is asked to, and the record that this adds is withheld. Vertex AI
 * gets the roles of contents, which Gemini's own API takes for granted.
 */
export function passedBody(
  request: PassedRequest,
  { provider, model }: Candidate,
  dialect: Dialect,
): OutgoingBody {
  const changes: Record<string, unknown> = {};
  const wireModel = provider.wireModel?.(model) ?? model;
  if (request.modelInBody && request.body.model !== wireModel) changes.model = wireModel;
  const mustAsk =
    request.stream &&
    dialect.name === 'openai-chat' &&
    provider.streamUsageOnRequest &&
    !wantsUsage(request.body);
  if (mustAsk) {
    const given = request.body.stream_options;
    changes.stream_options = { ...(typeof given === 'object' ? given : {}), include_usage: true };
  }
  if (dialect.name === 'gemini' && provider.quirks.vertex === true) {
    const contents = withRoles(request.body.contents);
    if (contents) changes.contents = contents;
  }
  return {
    body: Object.keys(changes).length === 0 ? request.text : spliceJson(request.text, changes),
    notes: [],
    ...(mustAsk ? { withhold: isUsageOnly } : {}),
  };
}

/** Contents of which some had no role, which then is the user's; undefined where none is missing. */
function withRoles(contents: unknown): unknown[] | undefined {
  if (!Array.isArray(contents) || !contents.some(lacksRole)) return undefined;
  return contents.map((content) => (lacksRole(content) ? { ...content, role: 'user' } : content));
}

function lacksRole(content: unknown): content is JsonObject {
  return typeof content === 'object' && content !== null && !(content as JsonObject).role;
}

/**
 * A decoded request in the provider's dialect; notes and refusals name fields as the caller does.
 * `given` is the caller's body, parsed: it tells which of several names for a field it wrote.
 */
export function translatedBody(
  request: ChatRequest,
  { provider, model }: Candidate,
  dialect: Dialect,
  operation: Operation,
  given?: JsonObject,
): OutgoingBody {
  const { body, notes } = inCallersWords(request.extensions.dialect, given, () =>
    dialect.encodeRequest(
      { ...request, streamUsage: true },
      { model: provider.wireModel?.(model) ?? model, quirks: provider.quirks },
    ),
  );
  return { body: JSON.stringify(provider.adaptBody?.(operation, body) ?? body), notes };
}

/** Whether the caller asked for usage in its stream. */
export function wantsUsage(body: JsonObject): boolean {
  const options = body.stream_options as { include_usage?: unknown } | null | undefined;
  return options?.include_usage === true;
}

/** The record that OpenAI adds for `include_usage`: no choices, only usage. */
function isUsageOnly(frame: Frame): boolean {
  try {
    const chunk = JSON.parse(frame.data);
    return Array.isArray(chunk.choices) && chunk.choices.length === 0 && Boolean(chunk.usage);
  } catch {
    return false;
  }
}
