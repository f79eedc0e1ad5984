import {
  type Baggage,
  type BaggageEntry,
  baggageEntryMetadataFromString,
  type Context,
  createTraceState,
  isSpanContextValid,
  propagation,
  type SpanContext,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api';
import { Metadata } from '../../core/metadata.ts';

/*
 * Sources: W3C Trace Context, https://www.w3.org/TR/trace-context/ (2021, and level 2 for flags);
 * W3C Baggage, https://www.w3.org/TR/baggage/.
 */

const maxTraceStateLength = 512;
/** The limits that W3C Baggage (3.3) names; what is over them is left out. */
const maxBaggageEntries = 180;
const maxBaggageBytes = 8192;

/** Carries a context in `traceparent`, `tracestate` and `baggage`; what is malformed is ignored. */
export const w3cPropagator: TextMapPropagator = {
  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const span = trace.getSpanContext(context);
    if (span !== undefined && isSpanContextValid(span)) {
      setter.set(carrier, 'traceparent', traceParentOf(span));
      const state = span.traceState?.serialize() ?? '';
      if (state !== '') setter.set(carrier, 'tracestate', state);
    }
    const baggage = propagation.getBaggage(context);
    const text = baggage === undefined ? '' : baggageText(baggage);
    if (text !== '') setter.set(carrier, 'baggage', text);
  },

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const span = parseTraceParent(one(getter.get(carrier, 'traceparent')));
    let extracted = context;
    if (span !== undefined) {
      const state = joined(getter.get(carrier, 'tracestate'));
      const traceState =
        state === '' || state.length > maxTraceStateLength ? undefined : createTraceState(state);
      const spanContext: SpanContext = traceState === undefined ? span : { ...span, traceState };
      extracted = trace.setSpanContext(extracted, spanContext);
    }
    const baggage = parseBaggage(joined(getter.get(carrier, 'baggage')));
    return baggage === undefined ? extracted : propagation.setBaggage(extracted, baggage);
  },

  fields(): string[] {
    return ['traceparent', 'tracestate', 'baggage'];
  },
};

/** Reads the metadata of a call. */
export const metadataGetter: TextMapGetter<Metadata> = {
  keys: (metadata) => [...metadata].map(([name]) => name),
  get(metadata, name) {
    if (!metadata.has(name)) return undefined;
    return metadata.getAll(name).filter((value): value is string => typeof value === 'string');
  },
};

/** Writes to the metadata of a call, in the place of what was there. */
export const metadataSetter: TextMapSetter<Metadata> = {
  set(metadata, name, value) {
    metadata.set(name, value);
  },
};

/** The metadata that carries this context to another process. */
export function traceMetadata(
  context: Context,
  propagator: TextMapPropagator = w3cPropagator,
): Metadata {
  const metadata = new Metadata();
  propagator.inject(context, metadata, metadataSetter);
  return metadata;
}

function one(value: string | string[] | undefined): string | undefined {
  if (typeof value === 'string') return value;
  // Two of them say nothing: Trace Context, 3.2.1.
  return value?.length === 1 ? value[0] : undefined;
}

function joined(value: string | string[] | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : value.join(',');
}

function traceParentOf(span: SpanContext): string {
  const flags = span.traceFlags.toString(16).padStart(2, '0');
  return `00-${span.traceId}-${span.spanId}-${flags}`;
}

const traceParentForm = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

function parseTraceParent(text: string | undefined): SpanContext | undefined {
  const parts = text === undefined ? null : traceParentForm.exec(text.trim());
  if (parts === null) return undefined;
  const [, version = '', traceId = '', spanId = '', flags = '', rest] = parts;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  const span = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return isSpanContextValid(span) ? span : undefined;
}

function baggageText(baggage: Baggage): string {
  let text = '';
  for (const [key, entry] of baggage.getAllEntries().slice(0, maxBaggageEntries)) {
    if (!isToken(key)) continue;
    const properties = entry.metadata === undefined ? '' : `;${entry.metadata.toString()}`;
    const member = `${key}=${encodeURIComponent(entry.value)}${properties}`;
    const longer = text === '' ? member : `${text},${member}`;
    if (longer.length > maxBaggageBytes || !/^[\x20-\x7e]*$/.test(member)) continue;
    text = longer;
  }
  return text;
}

function parseBaggage(text: string): Baggage | undefined {
  if (text === '' || text.length > maxBaggageBytes) return undefined;
  const entries: Record<string, BaggageEntry> = Object.create(null);
  let count = 0;
  for (const member of text.split(',', maxBaggageEntries)) {
    const parsed = parseMember(member);
    if (parsed === undefined) continue;
    entries[parsed.key] = parsed.entry;
    count += 1;
  }
  return count === 0 ? undefined : propagation.createBaggage(entries);
}

function parseMember(
  member: string,
): { readonly key: string; readonly entry: BaggageEntry } | undefined {
  const semicolon = member.indexOf(';');
  const pair = semicolon < 0 ? member : member.slice(0, semicolon);
  const equals = pair.indexOf('=');
  const key = pair.slice(0, Math.max(equals, 0)).trim();
  if (!isToken(key)) return undefined;
  const value = decoded(pair.slice(equals + 1).trim());
  if (value === undefined) return undefined;
  if (semicolon < 0) return { key, entry: { value } };
  const metadata = baggageEntryMetadataFromString(member.slice(semicolon + 1).trim());
  return { key, entry: { value, metadata } };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** A `token` of RFC 9110, 5.6.2. */
function isToken(text: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(text);
}
