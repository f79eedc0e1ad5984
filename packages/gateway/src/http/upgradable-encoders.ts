import type { EventEncoder, Upgrade } from '../dialects/dialect.ts';
import { apiError } from '../neutral/api-error.ts';
import type { ChatEvent } from '../neutral/chat-event.ts';

/** Far more than come before an answer is of use. */
const maxHeldEvents = 100_000;

/** An encoder that can take its answer back. */
export type UpgradableEncoder = EventEncoder & Required<Pick<EventEncoder, 'upgrade'>>;

/** Keeps an answer until it is given out, and tells it from then on by the one encoder that is heard. */
class HeldEncoder implements EventEncoder {
  #held: ChatEvent[] = [];
  #encoder: EventEncoder | undefined;

  push(event: ChatEvent): string {
    if (this.#encoder) return this.tell(event, this.#encoder);
    if (this.#held.length >= maxHeldEvents) {
      throw apiError('data_loss', 'the answer is too long to be held back', { status: 502 });
    }
    this.#held.push(event);
    return '';
  }

  /** It is given out from its first event; gives the text of all that was held. */
  begin(encoder: EventEncoder): string {
    this.#encoder = encoder;
    let text = '';
    for (const event of this.#held) text += this.tell(event, encoder);
    this.#held = [];
    return text;
  }

  protected tell(event: ChatEvent, encoder: EventEncoder): string {
    return encoder.push(event);
  }
}

/**
 * Tells the answer that is given out first, until it is void. That it is over it says before its last
 * record is told: then it stays. An error is held back, since another answer may take its place.
 */
export class FirstEncoder extends HeldEncoder {
  readonly #onEnd: () => void;
  #isVoid = false;
  #isSettled = false;
  /** What went wrong with it, and is not told yet. */
  failure: Extract<ChatEvent, { type: 'error' }> | undefined;

  constructor(onEnd: () => void) {
    super();
    this.#onEnd = onEnd;
  }

  /** No other answer will come: what goes wrong from now on is told. */
  settle(): void {
    this.#isSettled = true;
  }

  /** Nothing more is told. */
  void(): void {
    this.#isVoid = true;
  }

  protected override tell(event: ChatEvent, encoder: EventEncoder): string {
    if (this.#isVoid) return '';
    if (event.type === 'error' && !this.#isSettled) {
      this.failure ??= event;
      return '';
    }
    if (event.type === 'response-end') this.#onEnd();
    return super.tell(event, encoder);
  }
}

/** Tells the answer that may take the place of the first. */
export class SecondEncoder extends HeldEncoder {
  /** It takes the place of what this encoder told; gives the text that says so, with all that was held. */
  takeOver(encoder: UpgradableEncoder, upgrade: Upgrade): string {
    return encoder.upgrade(upgrade) + this.begin(encoder);
  }
}
