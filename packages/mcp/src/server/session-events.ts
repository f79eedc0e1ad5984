import type { EventStore, JSONRPCMessage } from '@modelcontextprotocol/server';

/** Of one session: messages, and bytes of them, that a client who lost its stream can still have. */
const maxKeptEvents = 1_000;
const maxKeptEventBytes = 4 * 1024 * 1024;

interface Kept {
  readonly number: number;
  readonly streamId: string;
  readonly message: JSONRPCMessage;
  readonly bytes: number;
}

/** The last messages of a session's streams, for clients that come back with `Last-Event-ID`. */
export class SessionEvents implements EventStore {
  #kept: Kept[] = [];
  #bytes = 0;
  #next = 1;

  async storeEvent(streamId: string, message: JSONRPCMessage): Promise<string> {
    const number = this.#next++;
    const bytes = JSON.stringify(message).length;
    this.#kept.push({ number, streamId, message, bytes });
    this.#bytes += bytes;
    while (this.#kept.length > maxKeptEvents || this.#bytes > maxKeptEventBytes) {
      this.#bytes -= this.#kept.shift()?.bytes ?? 0;
    }
    return `${number}@${streamId}`;
  }

  async getStreamIdForEventId(eventId: string): Promise<string | undefined> {
    return partsOf(eventId)?.streamId;
  }

  async replayEventsAfter(
    lastEventId: string,
    { send }: { send: (eventId: string, message: JSONRPCMessage) => Promise<void> },
  ): Promise<string> {
    const last = partsOf(lastEventId);
    if (!last) throw new Error('Last-Event-ID: it is not of this session');
    for (const { message, number, streamId } of this.#kept) {
      if (streamId !== last.streamId || number <= last.number) continue;
      // What begins a stream is empty, and nothing to send again.
      if (Object.keys(message).length > 0) await send(`${number}@${streamId}`, message);
    }
    return last.streamId;
  }
}

function partsOf(eventId: string): { number: number; streamId: string } | undefined {
  const at = eventId.indexOf('@');
  const number = Number(eventId.slice(0, at));
  if (at < 1 || !Number.isSafeInteger(number)) return undefined;
  return { number, streamId: eventId.slice(at + 1) };
}
