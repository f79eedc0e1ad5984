import { apiError } from '../neutral/api-error.ts';
import { GrowingText } from './growing-text.ts';
import type { Finding, TextForm, TextRule } from './text-rule.ts';

/** A piece of a text that a stream tells, and which text it belongs to. */
export interface Piece {
  readonly channel: string;
  readonly text: string;
  readonly form: TextForm;
}

/** What goes out: an item, with its pieces as they are to be, where they are not as they came. */
export interface Released<T> {
  readonly item: T;
  readonly pieces: readonly Piece[];
  readonly texts: readonly string[] | undefined;
}

/** The most texts that one stream may tell. */
const maxChannels = 10_000;
/** The most that is held back, in characters. */
const maxHeldChars = 16 * 1024 * 1024;

interface Held<T> {
  readonly item: T;
  readonly pieces: readonly (Piece & { readonly start: number; readonly end: number })[];
}

export interface HeldItemsOptions {
  readonly rules: readonly TextRule[];
  /** Called for all that is found, with the channel it was found in. */
  readonly onFinding: (finding: Finding, text: string, channel: string) => void;
}

/**
 * The items of a stream in their order, held back as long as something in their texts may still become a
 * finding. Items and their number stay what they are: of a finding that runs over several, the first has
 * the placeholder and the others nothing.
 */
export class HeldItems<T> {
  /** Found by a rule that blocks: nothing from there on goes out. */
  blocked: Finding | undefined;
  /** The channel it was found in. */
  blockedIn = '';
  readonly #options: HeldItemsOptions;
  readonly #channels = new Map<string, GrowingText>();
  readonly #texts = new Map<string, string>();
  /** Channels that have not ended since they were last told. */
  readonly #open = new Set<string>();
  #waiting: Held<T>[] = [];
  #heldChars = 0;

  constructor(options: HeldItemsOptions) {
    this.#options = options;
  }

  /** Takes an item, after which these channels end; gives what may go out now. Throws `data_loss` for too much. */
  push(item: T, pieces: readonly Piece[], ends: (channel: string) => boolean): Released<T>[] {
    if (this.blocked) return [];
    const placed = pieces.map((piece) => this.#place(piece));
    this.#waiting.push({ item, pieces: placed });
    for (const name of this.#open) if (ends(name)) this.#end(name);
    if (this.#heldChars > maxHeldChars) throw tooMuchHeld();
    return this.#release();
  }

  /** The stream ended in good order: gives all that is left. */
  end(): Released<T>[] {
    if (this.blocked) return [];
    for (const name of this.#open) this.#end(name);
    return this.#release();
  }

  /** The stream broke off: gives what is left without a text, since what is held may be half a finding. */
  abandon(): Released<T>[] {
    const left = this.#waiting.filter(({ pieces }) => pieces.length === 0);
    this.#waiting = [];
    return this.blocked ? [] : left.map(({ item, pieces }) => ({ item, pieces, texts: undefined }));
  }

  #end(name: string): void {
    this.#open.delete(name);
    const channel = this.#channels.get(name);
    if (channel) this.#tell(name, channel.end(), channel);
  }

  #place(piece: Piece): Held<T>['pieces'][number] {
    const { channel: name, form, text } = piece;
    let channel = this.#channels.get(name);
    if (!channel) {
      if (this.#channels.size >= maxChannels) throw tooManyTexts();
      channel = new GrowingText(this.#options.rules, form);
      this.#channels.set(name, channel);
    }
    this.#open.add(name);
    const start = channel.length;
    this.#heldChars += text.length;
    this.#remember(name, channel, text);
    this.#tell(name, channel.push(text), channel);
    return { ...piece, start, end: channel.length };
  }

  /** The end of a channel's text, in which findings are. */
  #remember(name: string, { safeTo, length }: GrowingText, text: string): void {
    const before = this.#texts.get(name) ?? '';
    this.#texts.set(name, before.slice(before.length - Math.max(0, length - safeTo)) + text);
  }

  #tell(name: string, findings: readonly Finding[], channel: GrowingText): void {
    const text = this.#texts.get(name) ?? '';
    const offset = channel.length - text.length;
    for (const finding of findings) {
      const { end, rule, start } = finding;
      this.#options.onFinding(finding, text.slice(start - offset, end - offset), name);
      if (rule.action !== 'block') continue;
      if (this.blocked && (this.blockedIn !== name || this.blocked.start <= start)) continue;
      this.blocked = finding;
      this.blockedIn = name;
    }
  }

  #release(): Released<T>[] {
    let count = 0;
    while (count < this.#waiting.length && this.#isSafe(this.#waiting[count])) count++;
    const released = this.#waiting.splice(0, count).map(({ item, pieces }) => {
      return { item, pieces, texts: this.#textsOf(pieces) };
    });
    if (this.blocked) this.#waiting = [];
    return released;
  }

  #isSafe(held: Held<T> | undefined): boolean {
    return (held?.pieces ?? []).every(({ channel, end }) => {
      const safe = this.#channels.get(channel)?.safeTo ?? 0;
      if (this.blocked && channel === this.blockedIn && end > this.blocked.start) return false;
      return end <= safe;
    });
  }

  #textsOf(pieces: Held<T>['pieces']): string[] | undefined {
    let isChanged = false;
    const texts = pieces.map(({ channel, start, text }) => {
      this.#heldChars -= text.length;
      const out = this.#channels.get(channel)?.pieceOf(text, start) ?? text;
      isChanged ||= out !== text;
      return out;
    });
    return isChanged ? texts : undefined;
  }
}

function tooMuchHeld() {
  return apiError(
    'data_loss',
    `guardrails would have to hold back over ${maxHeldChars} characters`,
    {
      status: 502,
    },
  );
}

function tooManyTexts() {
  return apiError('data_loss', `the answer tells over ${maxChannels} texts at once`, {
    status: 502,
  });
}
