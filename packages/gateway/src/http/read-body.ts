import { isDeeperThan, maxJsonDepth } from '@zeke/foundation';
import type { JsonObject } from '../dialects/dialect.ts';
import { readLimited } from '../framing/read-limited.ts';
import { apiError, shuttingDown } from '../neutral/api-error.ts';
import type { Watchdog } from '../routing/watchdog.ts';
import type { Exchange } from './exchange.ts';
import type { RequestLimits } from './services.ts';

type Received = Pick<Exchange, 'request' | 'kept'>;

/** What a body may take, and who watches its time. */
interface BodyRoom {
  limits: Pick<RequestLimits, 'maxBodyBytes' | 'bodyTimeoutMs'>;
  watchdog: Watchdog;
}

const defaultBodyTimeoutMs = 60_000;
const utf8 = new TextDecoder();

/**
 * A request's body as text. Throws `invalid_argument` with status 413 when it is over the limit,
 * with status 415 when it is compressed,
 * `deadline_exceeded` with status 408 when it is not whole in time.
 */
export async function readBody(received: Received, room: BodyRoom): Promise<string> {
  const text = await readText(received, room);
  received.kept?.prompt(text);
  return text;
}

async function readText({ request }: Received, room: BodyRoom): Promise<string> {
  refuseEncoded(request);
  const declared = request.headers.get('content-length');
  if (declared === null) return utf8.decode(await readUndeclared(request, room));
  const { maxBodyBytes } = room.limits;
  if (Number(declared) > maxBodyBytes) throw tooLarge(maxBodyBytes);
  return await inTime(request.text(), room);
}

/** As `readBody`, without reading it as text. */
export async function readBodyBytes(
  { kept, request }: Received,
  room: BodyRoom,
): Promise<Uint8Array> {
  refuseEncoded(request);
  const { maxBodyBytes } = room.limits;
  const declared = Number(request.headers.get('content-length') ?? 0);
  if (declared > maxBodyBytes) throw tooLarge(maxBodyBytes);
  const bytes = await readUndeclared(request, room);
  kept?.prompt(bytes);
  return bytes;
}

function readUndeclared({ body }: Request, room: BodyRoom): Promise<Uint8Array> {
  return inTime(readLimited(body, room.limits.maxBodyBytes, tooLarge), room);
}

function inTime<T>(body: Promise<T>, { limits, watchdog }: BodyRoom): Promise<T> {
  const limitMs = limits.bodyTimeoutMs ?? defaultBodyTimeoutMs;
  return new Promise((resolve, reject) => {
    const watch = watchdog.watch(limitMs, {
      expire: () => reject(tooSlow(limitMs)),
      stop: () => reject(shuttingDown()),
    });
    body.then(
      (value) => {
        watch.clear();
        resolve(value);
      },
      (reason: unknown) => {
        watch.clear();
        reject(reason);
      },
    );
  });
}

/** A JSON object from a body. Throws `invalid_argument` that says where it is broken. */
export function parseJsonObject(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/^JSON Parse error: /, '') : '';
    throw apiError(
      'invalid_argument',
      text.trim() === ''
        ? 'the body is empty; a JSON object is needed'
        : `the body is not valid JSON: ${why}`,
      { reason: 'invalid_json', cause },
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw apiError('invalid_argument', 'the body must be a JSON object', {
      reason: 'invalid_json',
    });
  }
  if (isDeeperThan(value, maxJsonDepth)) {
    throw apiError(
      'invalid_argument',
      `the body is nested more than ${maxJsonDepth} levels deep, which is the limit`,
      { reason: 'invalid_json' },
    );
  }
  return value as JsonObject;
}

/** A compressed body could grow without limit, and its model and text would have to be read anyway. */
function refuseEncoded({ headers }: Request): void {
  const encoding = headers.get('content-encoding')?.trim().toLowerCase();
  if (!encoding || encoding === 'identity') return;
  throw apiError(
    'invalid_argument',
    `bodies are taken as they are, not in the encoding ${encoding.slice(0, 50)}: leave content-encoding out`,
    { status: 415, reason: 'unsupported_content_encoding' },
  );
}

function tooSlow(limitMs: number): Error {
  return apiError(
    'deadline_exceeded',
    `the body did not come within ${limitMs} ms (server.body_timeout_ms)`,
    { status: 408, reason: 'request_timeout' },
  );
}

/** A body over the limit. */
function tooLarge(maxBytes: number): Error {
  return apiError(
    'invalid_argument',
    `the body is over the limit of ${maxBytes} bytes (server.max_body_mb)`,
    { status: 413, reason: 'request_too_large' },
  );
}
