import { JsonText } from './json-text.ts';
import { JsonPlace, placeholderAt, type Span, spansOf } from './redact.ts';
import { type Finding, inOrder, type Reading, type TextForm, type TextRule } from './text-rule.ts';

/**
 * A text that comes in pieces, which go out again as they came but for what is redacted. `safeTo` says
 * how much of it nothing that follows can change any more.
 */
export class GrowingText {
  /** Characters so far. */
  length = 0;
  /** Up to here pieces may go out. */
  safeTo = 0;
  readonly #rules: readonly { readonly rule: TextRule; readonly reading: Reading }[];
  readonly #place: JsonPlace | undefined;
  /** Of JSON, what it says is looked at; places are of how it is written. */
  readonly #json: JsonText | undefined;
  /** Characters that were looked at. */
  #read = 0;
  /** What is not decided yet for some rule, and where it begins. */
  #text = '';
  #offset = 0;
  /** Findings whose place may still have to go out. */
  #open: Finding[] = [];
  #spans: Span[] = [];

  constructor(rules: readonly TextRule[], form: TextForm) {
    this.#rules = rules.map((rule) => ({ rule, reading: rule.begin() }));
    this.#place = form === 'json' ? new JsonPlace() : undefined;
    this.#json = form === 'json' ? new JsonText() : undefined;
  }

  /** Adds a piece; gives what is found that was not before. */
  push(piece: string): Finding[] {
    this.length += piece.length;
    return this.#look(this.#json ? this.#json.push(piece) : piece, false);
  }

  /** Nothing follows, as far as findings go; pieces that do are a text of their own. */
  end(): Finding[] {
    const found = this.#look(this.#json?.end() ?? '', true);
    for (const { reading, rule } of this.#rules) {
      const { before } = rule.begin();
      Object.assign(reading, { at: this.#read, before });
    }
    return found;
  }

  /** A piece as it goes out. Pieces are to be asked for in their order, when they are safe. */
  pieceOf(piece: string, start: number): string {
    const end = start + piece.length;
    let result = '';
    let at = start;
    while (at < end) {
      const span = this.#spans[0];
      if (!span || span.start >= end) {
        result += this.#kept(piece.slice(at - start));
        break;
      }
      if (span.start >= at) {
        result += this.#kept(piece.slice(at - start, span.start - start));
        result += placeholderAt(span.kind, this.#place);
      }
      at = Math.min(end, span.end);
      if (span.end <= end) this.#spans.shift();
    }
    return result;
  }

  #kept(text: string): string {
    this.#place?.read(text);
    return text;
  }

  #look(added: string, isEnd: boolean): Finding[] {
    this.#text += added;
    this.#read += added.length;
    const found: Finding[] = [];
    let settled = this.#read;
    for (const { reading, rule } of this.#rules) {
      rule.read(this.#text, this.#offset, reading, isEnd, found);
      settled = Math.min(settled, reading.at);
    }
    const placed = inOrder(found.map((finding) => this.#placed(finding)));
    const settledAt = this.#json ? this.#json.writtenAt(settled) : settled;
    this.#text = this.#text.slice(settled - this.#offset);
    this.#offset = settled;
    this.#json?.forget(settled);
    if (placed.length > 0) this.#open = inOrder([...this.#open, ...placed]);
    this.#settle(settledAt);
    return placed;
  }

  #placed(finding: Finding): Finding {
    const json = this.#json;
    if (!json) return finding;
    const { end, start } = finding;
    return { ...finding, start: json.writtenAt(start), end: json.writtenAt(end) };
  }

  /** Findings that end before `settled` overlap with none that is still to come. */
  #settle(settled: number): void {
    let safe = settled;
    const spans = this.#open.length > 0 ? spansOf(this.#open) : [];
    const straddling = spans.find(({ end }) => end > settled);
    if (straddling) safe = Math.min(safe, straddling.start);
    this.#spans.push(...spans.filter(({ end }) => end <= safe));
    this.#open = this.#open.filter(({ end, rule }) => rule.action === 'redact' && end > safe);
    this.safeTo = safe;
  }
}
