import { costMember, type Usage } from '../../neutral/usage.ts';
import type { Frame } from '../dialect.ts';
import type { DeltaUsage, MessageUsage } from './response-types.ts';
import { isObject, parsedObject } from './tool-use.ts';

/**
 * Takes what one `usage` object says into a running total. Anthropic's `input_tokens` leave out
 * what was read from or written to the cache; the neutral `input` is all of it. In a stream the
 * counters are cumulative, and a later one may lack fields, so none ever shrinks.
 */
export function addUsage(usage: Usage, raw: unknown): void {
  if (!isObject(raw)) return;
  const plain = Math.max(
    usage.input - (usage.cachedInput ?? 0) - writes(usage),
    count(raw.input_tokens),
  );
  const cached = Math.max(usage.cachedInput ?? 0, count(raw.cache_read_input_tokens));
  const detail = isObject(raw.cache_creation) ? raw.cache_creation : {};
  const hour = Math.max(usage.cacheWrite1h ?? 0, count(detail.ephemeral_1h_input_tokens));
  const written = Math.max(
    writes(usage),
    count(raw.cache_creation_input_tokens),
    hour + count(detail.ephemeral_5m_input_tokens),
  );
  const thought = isObject(raw.output_tokens_details)
    ? count(raw.output_tokens_details.thinking_tokens)
    : 0;
  const reasoning = Math.max(usage.reasoning ?? 0, thought);
  usage.input = plain + cached + written;
  usage.output = Math.max(usage.output, count(raw.output_tokens));
  if (cached > 0) usage.cachedInput = cached;
  if (written - hour > 0) usage.cacheWrite5m = written - hour;
  if (hour > 0) usage.cacheWrite1h = hour;
  if (reasoning > 0) usage.reasoning = reasoning;
}

/** For pass-through: what a frame of a stream says of usage. */
export function scanUsage(frame: Frame, usage: Usage): void {
  const event = parsedObject(frame.data);
  if (!event) return;
  if (isObject(event.message)) addUsage(usage, event.message.usage);
  addUsage(usage, event.usage);
}

/** The usage of a whole answer; undefined when it states none. */
export function readUsage(body: unknown): Usage | undefined {
  if (!isObject(body) || !isObject(body.usage)) return undefined;
  const usage: Usage = { input: 0, output: 0 };
  addUsage(usage, body.usage);
  return usage;
}

/** The `usage` of a whole answer or of `message_start`; zeros when nothing is known. */
export function encodeUsage(usage: Usage | undefined): MessageUsage {
  return {
    ...encodeDeltaUsage(usage),
    cache_creation: {
      ephemeral_5m_input_tokens: usage?.cacheWrite5m ?? 0,
      ephemeral_1h_input_tokens: usage?.cacheWrite1h ?? 0,
    },
    inference_geo: null,
    service_tier: 'standard',
    speed: null,
  };
}

/** The `usage` of `message_delta`: totals of the whole message. */
export function encodeDeltaUsage(usage: Usage | undefined): DeltaUsage {
  const written = usage ? writes(usage) : 0;
  const cached = usage?.cachedInput ?? 0;
  const hour = usage?.cacheWrite1h ?? 0;
  return {
    input_tokens: Math.max(0, (usage?.input ?? 0) - cached - written),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: cached,
    // Anthropic tells the split in `message_start`, which went out before it was known here.
    ...(hour > 0
      ? {
          cache_creation: {
            ephemeral_5m_input_tokens: usage?.cacheWrite5m ?? 0,
            ephemeral_1h_input_tokens: hour,
          },
        }
      : {}),
    output_tokens: usage?.output ?? 0,
    output_tokens_details:
      usage?.reasoning === undefined ? null : { thinking_tokens: usage.reasoning },
    server_tool_use: null,
    ...costMember(usage),
  };
}

function writes(usage: Usage): number {
  return (usage.cacheWrite5m ?? 0) + (usage.cacheWrite1h ?? 0);
}

/** A count as vendors send it: anything but a positive number is none. */
function count(value: unknown): number {
  return typeof value === 'number' && value > 0 ? value : 0;
}
