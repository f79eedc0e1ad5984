import { costMember, type Usage } from '../../neutral/usage.ts';
import type { Frame, JsonObject } from '../dialect.ts';
import { isObject, parseObject } from './read-json.ts';
import type { ResponseObject } from './types.ts';

/** Stands in every record that carries usage: in `response.completed` and its siblings. */
export const usageMark = '"input_tokens"';

/** Adds what a frame says of usage; only frames with `usageMark` need to be asked. */
export function scanUsage(frame: Frame, usage: Usage): void {
  const record = parseObject(frame.data);
  if (!record) return;
  const found = readUsage(isObject(record.response) ? record.response : record);
  if (found) Object.assign(usage, found);
}

/** Usage of a Response object. */
export function readUsage(body: unknown): Usage | undefined {
  return isObject(body) && isObject(body.usage) ? decodeUsage(body.usage) : undefined;
}

/** OpenAI's totals include what was cached and what was reasoned, as the neutral ones do. */
function decodeUsage(value: JsonObject): Usage {
  const input = isObject(value.input_tokens_details) ? value.input_tokens_details : {};
  const output = isObject(value.output_tokens_details) ? value.output_tokens_details : {};
  const usage: Usage = {
    input: count(value.input_tokens),
    output: count(value.output_tokens),
  };
  const cached = count(input.cached_tokens);
  if (cached > 0) usage.cachedInput = cached;
  const reasoning = count(output.reasoning_tokens);
  if (reasoning > 0) usage.reasoning = reasoning;
  readCacheWrites(input, usage);
  return usage;
}

/** OpenAI keeps for 30 minutes or 12 hours: the short and the long of the neutral form. */
function readCacheWrites(input: JsonObject, usage: Usage): void {
  const written = count(input.cache_write_tokens);
  if (written === 0) return;
  const details = isObject(input.cache_write_tokens_details)
    ? input.cache_write_tokens_details
    : {};
  const long = Math.min(written, count(details.ttl_12h_tokens));
  if (written > long) usage.cacheWrite5m = written - long;
  if (long > 0) usage.cacheWrite1h = long;
}

export function encodeUsage(usage: Usage): NonNullable<ResponseObject['usage']> {
  const short = usage.cacheWrite5m ?? 0;
  const long = usage.cacheWrite1h ?? 0;
  return {
    input_tokens: usage.input,
    input_tokens_details: {
      cached_tokens: usage.cachedInput ?? 0,
      cache_write_tokens: short + long,
      ...(long > 0
        ? { cache_write_tokens_details: { ttl_30m_tokens: short, ttl_12h_tokens: long } }
        : {}),
    },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
    total_tokens: usage.input + usage.output,
    ...costMember(usage),
  };
}

function count(value: unknown): number {
  return typeof value === 'number' && value > 0 ? value : 0;
}
