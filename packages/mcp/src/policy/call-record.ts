import { redactValue } from '@zeke/foundation';
import type { McpCall } from './mcp-call.ts';

/** One call, for the audit log. */
export interface CallRecord {
  readonly direction: McpCall['direction'];
  readonly kind: McpCall['kind'];
  readonly name: string;
  readonly caller: McpCall['caller'];
  readonly scopes: McpCall['scopes'];
  /** The SHA-256 of the arguments, in hex: tells calls apart without telling what they hold. */
  readonly argumentsHash: string;
  /** Names of arguments, with short values that are no secrets. */
  readonly arguments: Readonly<Record<string, unknown>>;
  /** What rules said; `consented` where somebody was asked. */
  readonly verdict: 'allowed' | 'consented' | 'denied' | 'rate-limited' | 'consent-refused';
  readonly rule?: string;
  /** Rules that want the call on the log. */
  readonly marks: readonly string[];
  readonly outcome: 'ok' | 'error' | 'refused' | 'canceled';
  /** A code of the protocol, where it went wrong. */
  readonly errorCode?: number;
  readonly durationMs: number;
  /** Kinds of what was found in the result. */
  readonly found: readonly string[];
  readonly cutBytes: number;
}

/** Writes records. It does not throw: a call is not undone by it. */
export type RecordCall = (record: CallRecord) => Promise<void>;

/** What of a call's arguments can be told. */
export function shownArguments(args: Readonly<Record<string, unknown>>): {
  argumentsHash: string;
  arguments: Record<string, unknown>;
} {
  const text = JSON.stringify(args);
  const redacted = redactValue(args) as Record<string, unknown>;
  return {
    argumentsHash: new Bun.CryptoHasher('sha256').update(text).digest('hex'),
    arguments: Object.fromEntries(
      Object.entries(redacted)
        .slice(0, maxShownArguments)
        .map(([name, value]) => [name.slice(0, maxShownChars), shown(value)]),
    ),
  };
}

/** Arguments in a record, and characters of each. */
const maxShownArguments = 20;
const maxShownChars = 200;

function shown(value: unknown): unknown {
  if (typeof value !== 'string' && typeof value !== 'object') return value;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= maxShownChars
    ? text
    : `${text.slice(0, maxShownChars)}… (${text.length} characters)`;
}
