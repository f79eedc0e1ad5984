import { RpcError } from '@zeke/rpc';
import { shuttingDown } from '../neutral/api-error.ts';
import type { ChatEvent } from '../neutral/chat-event.ts';
import type { Watch, Watchdog, Watched } from '../routing/watchdog.ts';
import type { Flight } from './flight.ts';
import { contextOf, type Listening, replay, replayHeaders, Teller } from './replay.ts';

/** Called once, when a follower has its answer, or why not. */
type OnEnd = (error: RpcError | undefined) => void;

/** How long a client may take nothing, and who measures it. */
export interface ClientClock {
  readonly watchdog: Watchdog;
  readonly idleTimeoutMs: number;
}

/**
 * The answer of a flight to one who did not ask for it: as it streams, or when it is whole. Undefined
 * where it failed before anything of it was told; then the caller is to ask itself.
 * @throws RpcError canceled when the client leaves before.
 */
export async function follow(
  flight: Flight,
  to: Listening,
  clock: ClientClock,
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
  const stream = new FollowedStream(flight, to, place, clock, onEnd);
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

class FollowedStream implements Watched {
  readonly #flight: Flight;
  readonly #to: Listening;
  readonly #place: Place;
  readonly #clock: ClientClock;
  readonly #onEnd: OnEnd;
  /** Runs while the client has something to take. */
  #watch: Watch | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #teller: Teller | undefined;
  #told = 0;
  #hasLeft = false;

  constructor(flight: Flight, to: Listening, place: Place, clock: ClientClock, onEnd: OnEnd) {
    this.#flight = flight;
    this.#to = to;
    this.#place = place;
    this.#clock = clock;
    this.#onEnd = onEnd;
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.#watch?.clear();
    this.#controller = controller;
    for (;;) {
      const text = this.#news();
      if (text !== '') controller.enqueue(Buffer.from(text));
      if (this.#flight.hasEnded) {
        controller.close();
        this.#end(this.#flight.error);
        return;
      }
      if (text !== '') {
        this.#waitClient();
        return;
      }
      try {
        await this.#place.changed();
      } catch (reason) {
        this.#break(RpcError.from(reason));
        return;
      }
    }
  }

  cancel(): void {
    this.#end(clientLeft());
  }

  expire(): void {
    const { idleTimeoutMs } = this.#clock;
    this.#break(new RpcError('canceled', `the client took nothing for ${idleTimeoutMs} ms`));
  }

  stop(): void {
    this.#break(shuttingDown());
  }

  #waitClient(): void {
    const { idleTimeoutMs, watchdog } = this.#clock;
    if (this.#watch) this.#watch.start(idleTimeoutMs);
    else this.#watch = watchdog.watch(idleTimeoutMs, this);
  }

  #break(error: RpcError): void {
    if (this.#hasLeft) return;
    this.#controller?.error(error);
    this.#end(error);
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
    this.#watch?.clear();
    this.#place.leave();
    if (error === undefined) this.#teller?.end();
    this.#onEnd(error);
  }
}
