import { RpcError } from '../rpc-error.ts';

/** One event of a stream of the type `text/event-stream`. */
export interface ServerSentEvent {
  /** Lines are joined by `\n`. */
  readonly data: string;
  /** Default `message`. */
  readonly event?: string;
  readonly id?: string;
  /** Milliseconds to wait before connecting again. */
  readonly retry?: number;
}

export interface EventStreamOptions {
  /** A comment is sent when there was nothing for so long, in milliseconds. Default 15,000; 0: none. */
  readonly heartbeatMs?: number;
}

/**
 * The events of a source as bytes, the body of a Response. The source is read one event at a time,
 * when the client has taken the one before, and closed when the client leaves; an async generator
 * notices that when what it waits for has come, unless it has the request's signal. An error of the
 * source ends the stream with an event `error` whose data is `{"code","message"}`.
 *
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function eventStream(
  events: AsyncIterable<ServerSentEvent>,
  options: EventStreamOptions = {},
): ReadableStream<Uint8Array> {
  const body = new EventBody(events[Symbol.asyncIterator](), options.heartbeatMs ?? 15_000);
  return new ReadableStream<Uint8Array>(body, { highWaterMark: 0 });
}

const encoder = new TextEncoder();

/** What a ReadableStream asks for its chunks. */
class EventBody {
  readonly #events: AsyncIterator<ServerSentEvent>;
  readonly #heartbeatMs: number;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #hasLeft = false;

  constructor(events: AsyncIterator<ServerSentEvent>, heartbeatMs: number) {
    this.#events = events;
    this.#heartbeatMs = heartbeatMs;
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.#startHeartbeat(controller);
    try {
      const result = await this.#events.next();
      // A stream that was cancelled takes nothing more.
      if (this.#hasLeft) return;
      if (result.done) controller.close();
      else controller.enqueue(encoder.encode(formatEvent(result.value)));
    } catch (reason) {
      if (!this.#hasLeft) this.#fail(controller, reason);
    } finally {
      clearInterval(this.#heartbeat);
    }
  }

  async cancel(): Promise<void> {
    this.#hasLeft = true;
    clearInterval(this.#heartbeat);
    await this.#events.return?.();
  }

  #startHeartbeat(controller: ReadableStreamDefaultController<Uint8Array>): void {
    if (this.#heartbeatMs === 0) return;
    this.#heartbeat = setInterval(() => {
      // A client that does not read gets no second one.
      if (controller.desiredSize === 0) controller.enqueue(encoder.encode(':\n\n'));
    }, this.#heartbeatMs);
  }

  #fail(controller: ReadableStreamDefaultController<Uint8Array>, reason: unknown): void {
    const { code, message } = RpcError.from(reason);
    const data = JSON.stringify({ code, message });
    controller.enqueue(encoder.encode(formatEvent({ event: 'error', data })));
    controller.close();
  }
}

/** One event as text, with its empty line. */
export function formatEvent({ data, event, id, retry }: ServerSentEvent): string {
  let text = '';
  if (event !== undefined) text += `event: ${oneLine(event)}\n`;
  if (id !== undefined) text += `id: ${oneLine(id)}\n`;
  if (retry !== undefined) text += `retry: ${retry}\n`;
  for (const line of data.split(/\r\n|\r|\n/)) text += `data: ${line}\n`;
  return `${text}\n`;
}

/**
 * The events in a stream of bytes, read as fast as the reader takes them. An event that the stream
 * ends within is dropped, as the specification says.
 * @throws RpcError resource_exhausted for an event longer than `maxEventLength` (default 1 Mi units).
 */
export async function* readEvents(
  bytes: AsyncIterable<Uint8Array>,
  maxEventLength: number = 1024 * 1024,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  const decoder = new TextDecoder();
  const reader = new EventReader(maxEventLength);
  for await (const chunk of bytes) yield* reader.push(decoder.decode(chunk, { stream: true }));
}

/** Cuts text into lines and lines into events. */
class EventReader {
  readonly #maxEventLength: number;
  #rest = '';
  #afterReturn = false;
  #data: string[] = [];
  #length = 0;
  #event: string | undefined;
  #id: string | undefined;
  #retry: number | undefined;

  constructor(maxEventLength: number) {
    this.#maxEventLength = maxEventLength;
  }

  *push(text: string): Generator<ServerSentEvent, void, undefined> {
    let start = 0;
    for (let at = 0; at < text.length; at++) {
      const character = text[at];
      const isSecond = this.#afterReturn && character === '\n';
      this.#afterReturn = character === '\r';
      if (isSecond) {
        start = at + 1;
        continue;
      }
      if (character !== '\n' && character !== '\r') continue;
      const line = this.#rest + text.slice(start, at);
      this.#rest = '';
      start = at + 1;
      const event = this.#line(line);
      if (event !== undefined) yield event;
    }
    this.#rest += text.slice(start);
    this.#check(this.#length + this.#rest.length);
  }

  #line(line: string): ServerSentEvent | undefined {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? '' : line.slice(colon + 1);
    if (value.startsWith(' ')) value = value.slice(1);
    if (name === 'data') {
      this.#data.push(value);
      this.#length += value.length + 1;
      this.#check(this.#length);
    } else if (name === 'event') this.#event = value;
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
    else if (name === 'retry' && /^\d+$/.test(value)) this.#retry = Number(value);
    return undefined;
  }

  #dispatch(): ServerSentEvent | undefined {
    const data = this.#data;
    const event = this.#event;
    const retry = this.#retry;
    this.#data = [];
    this.#length = 0;
    this.#event = undefined;
    this.#retry = undefined;
    if (data.length === 0) return undefined;
    return {
      data: data.join('\n'),
      ...(event === undefined || event === '' ? {} : { event }),
      ...(this.#id === undefined ? {} : { id: this.#id }),
      ...(retry === undefined ? {} : { retry }),
    };
  }

  #check(length: number): void {
    if (length <= this.#maxEventLength) return;
    const message = `a server-sent event is longer than ${this.#maxEventLength}`;
    throw new RpcError('resource_exhausted', message);
  }
}

function oneLine(text: string): string {
  return text.replace(/[\r\n\0]/g, ' ');
}
