import type { RpcError } from '@zeke/rpc';
import type { ChatEvent } from '../neutral/chat-event.ts';
import type { AnswerGuard } from './answer-guard.ts';
import type { HeldItems, Piece, Released } from './held-items.ts';
import type { TextForm } from './text-rule.ts';

/** Guards the events of an answer, in their order and number. */
export class EventGuard {
  readonly #guard: AnswerGuard;
  readonly #held: HeldItems<ChatEvent>;
  /** Parts whose arguments are no JSON. */
  readonly #custom = new Set<string>();

  constructor(guard: AnswerGuard) {
    this.#guard = guard;
    this.#held = guard.hold();
  }

  /** Why nothing more may go out. */
  get refusal(): RpcError | undefined {
    return this.#guard.refusal;
  }

  /** Takes an event; gives those that may go out now. */
  push(event: ChatEvent): readonly ChatEvent[] {
    if (this.#guard.refusal) return [];
    switch (event.type) {
      case 'text-delta':
      case 'reasoning-delta':
      case 'refusal-delta':
        return this.#piece(event, event.text, 'plain');
      case 'arguments-delta':
        return this.#piece(
          event,
          event.json,
          this.#custom.has(channelOf(event)) ? 'plain' : 'json',
        );
      case 'part-start':
        if (event.kind === 'tool-call' && event.name) this.#guard.called(event.name);
        if (this.#guard.refusal) return [];
        if (event.custom) this.#custom.add(channelOf(event));
        return this.#written(this.#held.push(event, [], never));
      case 'citation':
        return this.#written(this.#held.push(this.#citation(event), [], never));
      case 'part-end': {
        const ended = channelOf(event);
        return this.#written(this.#held.push(event, [], (channel) => channel === ended));
      }
      case 'finish': {
        const ended = `${event.choice}/`;
        return this.#written(this.#held.push(event, [], (channel) => channel.startsWith(ended)));
      }
      case 'error':
        // What is held may be the beginning of a finding, and nothing follows.
        return [...this.#written(this.#held.abandon()), event];
      case 'response-start':
      case 'usage':
      case 'ping':
      case 'response-end':
        return this.#written(this.#held.push(event, [], never));
    }
  }

  /** The stream has ended; `complete`: in good order. */
  end(complete: boolean): readonly ChatEvent[] {
    return this.#written(complete ? this.#held.end() : this.#held.abandon());
  }

  #piece(event: Delta, text: string, form: TextForm): readonly ChatEvent[] {
    this.#guard.count(text);
    if (this.#guard.refusal) return [];
    const piece: Piece = { channel: channelOf(event), text, form };
    return this.#written(this.#held.push(event, [piece], never));
  }

  #citation(event: Extract<ChatEvent, { type: 'citation' }>): ChatEvent {
    const { citation } = event;
    if (citation.citedText === undefined) return event;
    const citedText = this.#guard.text(citation.citedText, 'citation');
    if (citedText === citation.citedText) return event;
    // What the provider sent beside it says the same again.
    const { raw: _, ...told } = citation;
    return { ...event, citation: { ...told, citedText } };
  }

  #written(released: readonly Released<ChatEvent>[]): ChatEvent[] {
    return released.map(({ item, pieces, texts }) => {
      const [piece] = pieces;
      if (piece) this.#guard.keep(piece.channel, texts?.[0] ?? piece.text);
      return texts?.[0] === undefined ? item : withText(item, texts[0]);
    });
  }
}

type Delta = Extract<ChatEvent, { type: `${string}-delta` }>;

const never = () => false;

function channelOf({ choice, part }: { choice: number; part: number }): string {
  return `${choice}/${part}`;
}

function withText(event: ChatEvent, text: string): ChatEvent {
  switch (event.type) {
    case 'text-delta': {
      // They would tell what was replaced.
      const { logprobs: _, ...told } = event;
      return { ...told, text };
    }
    case 'reasoning-delta':
    case 'refusal-delta':
      return { ...event, text };
    case 'arguments-delta':
      return { ...event, json: text };
    default:
      return event;
  }
}
