import { RpcError } from '@zeke/rpc';
import type { ChatEvent } from '../neutral/chat-event.ts';
import type { Flight } from './flight.ts';
import { contextOf, type Listening, replay, replayHeaders, Teller } from './replay.ts';

/** Called once, when a follower has its answer, or why not. */
type OnEnd = (error: RpcError | undefined) => void;

/**
 * The answer of a flight to one who did not ask for it: as it streams, or when it is whole. Undefined
 * where it failed before anything of it was told; then the caller is to ask itself.
 * @throws RpcError canceled when the client leaves before.
 */
export async function follow(
  flight: Flight,
  to: Listening,
  onEnd: OnEnd,
): Promise<Response | undefined> {
  const place = new Place(flight, to.exchange.request.signal);
  const { call } = to;
  try {
    while (!(call.stream ? flight.source : flight.hasEnded) && flight.state !== 'failed') {
      await place.changed();
    }
  } catch (reason) {
    place.leave();
    throw reason;
  }
  const { source } = flight;
  if (flight.state === 'failed' || source === undefined) {
    place.leave();
    return undefined;
  }
  const headers = replayHeaders(to, source, 'shared');
  if (flight.state === 'answered') {
    place.leave();
    const body = replay(to, source, flight.response);
    onEnd(undefined);
    return new Response(body, { headers });
  }
  const stream = new FollowedStream(flight, to, place, onEnd);
  const body = new ReadableStream<Uint8Array>(
    { pull: (controller) => stream.pull(controller), cancel: () => stream.cancel() },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers });
}

/** A follower's place in a flight: left once, at its end or when its client leaves. */
class Place {
  readonly #flight: Flight;
  #isTaken = true;
  #change: PromiseWithResolvers<void> | undefined;
  readonly #onChange = () => this.#change?.resolve();

  constructor(flight: Flight, client: AbortSignal) {
    this.#flight = flight;
    flight.follow(this.#onChange);
    if (client.aborted) this.leave();
    else client.addEventListener('abort', () => this.leave(), { once: true });
  }

  /** Resolves at the flight's next change, rejects when the client leaves before. */
  changed(): Promise<void> {
    if (!this.#isTaken) return Promise.reject(clientLeft());
    this.#change = Promise.withResolvers();
    return this.#change.promise;
  }

  leave(): void {
    if (!this.#isTaken) return;
    this.#isTaken = false;
    this.#change?.reject(clientLeft());
    this.#flight.unfollow(this.#onChange);
  }
}

function clientLeft(): RpcError {
  return new RpcError('canceled', 'the client left');
}

class FollowedStream {
  readonly #flight: Flight;
  readonly #to: Listening;
  readonly #place: Place;
  readonly #onEnd: OnEnd;
  #teller: Teller | undefined;
  #told = 0;
  #hasLeft = false;

  constructor(flight: Flight, to: Listening, place: Place, onEnd: OnEnd) {
    this.#flight = flight;
    this.#to = to;
    this.#place = place;
    this.#onEnd = onEnd;
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    for (;;) {
      const text = this.#news();
      if (text !== '') controller.enqueue(Buffer.from(text));
      if (this.#flight.hasEnded) {
        controller.close();
        this.#end(this.#flight.error);
        return;
      }
      if (text !== '') return;
      try {
        await this.#place.changed();
      } catch (reason) {
        if (this.#hasLeft) return;
        controller.error(reason);
        this.#end(RpcError.from(reason));
        return;
      }
    }
  }

  cancel(): void {
    this.#end(clientLeft());
  }

  /** What is new since the last time, as text to send. */
  #news(): string {
    const { error, events } = this.#flight;
    let text = '';
    for (; this.#told < events.length; this.#told++) {
      const event = events[this.#told];
      if (event) text += this.#tell(event);
    }
    if (error) text += this.#tell({ type: 'error', error });
    return text;
  }

  #tell(event: ChatEvent): string {
    if (this.#teller === undefined) {
      const { source } = this.#flight;
      if (source === undefined) return '';
      const model = event.type === 'response-start' ? event.model : '';
      this.#teller = new Teller(this.#to, contextOf(this.#to, source, model));
    }
    return this.#teller.tell(event);
  }

  #end(error: RpcError | undefined): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#place.leave();
    if (error === undefined) this.#teller?.end();
    this.#onEnd(error);
  }
}
