import type { GuardrailAction } from '@zeke/foundation';
import { type Fit, Matcher } from '@zeke/foundation/patterns';
import type { Detector } from './detectors/detector.ts';
import { JsonText } from './json-text.ts';

/** What a rule has found in a text, from `start` to before `end`. */
export interface Finding {
  readonly start: number;
  readonly end: number;
  readonly kind: string;
  readonly rule: TextRule;
}

/** How far one rule has read a text that may still grow. */
export interface Reading {
  /** All before this is decided. */
  at: number;
  /** The class of the character before `at`. */
  before: number;
}

export interface TextRuleOptions {
  readonly name: string;
  /** Of the guardrail: `secrets`, `personal_data`, `deny_list`. */
  readonly type: string;
  readonly action: GuardrailAction;
  readonly detectors: readonly Detector[];
  /** The longest match. */
  readonly maxChars: number;
}

/**
 * A rule that finds things in texts: from left to right, each time the longest that is one, which is the
 * same however a text is cut into pieces.
 */
export class TextRule {
  readonly name: string;
  readonly type: string;
  readonly action: GuardrailAction;
  readonly #detectors: readonly Detector[];
  readonly #matcher: Matcher;

  constructor({ action, detectors, maxChars, name, type }: TextRuleOptions) {
    this.name = name;
    this.type = type;
    this.action = action;
    this.#detectors = detectors;
    this.#matcher = new Matcher(
      detectors.map(({ pattern }) => pattern),
      maxChars,
    );
  }

  begin(): Reading {
    return { at: 0, before: this.#matcher.textStart };
  }

  /**
   * Reads on in a text that begins `offset` characters before its first; adds what it finds, with places
   * from the beginning. `isEnd`: nothing follows. Else it stops where more text may make a difference.
   */
  read(text: string, offset: number, reading: Reading, isEnd: boolean, found: Finding[]): void {
    const matcher = this.#matcher;
    const fits: Fit[] = [];
    let at = reading.at - offset;
    for (;;) {
      const start = matcher.nextStart(text, at, reading.before);
      if (start > at) reading.before = matcher.classOf[text.charCodeAt(start - 1)] as number;
      at = start;
      if (at >= text.length) break;
      fits.length = 0;
      if (matcher.try(text, at, reading.before, isEnd, fits) === 'open') break;
      const fit = this.#best(text, at, fits);
      const end = fit ? fit.end : at + 1;
      if (fit) {
        const kind = this.#detectors[fit.pattern]?.kind ?? this.type;
        found.push({ start: at + offset, end: end + offset, kind, rule: this });
      }
      reading.before = matcher.classOf[text.charCodeAt(end - 1)] as number;
      at = end;
    }
    reading.at = at + offset;
  }

  /** The longest that is what it looks like; of those as long, the first detector's. */
  #best(text: string, start: number, fits: readonly Fit[]): Fit | undefined {
    for (let last = fits.length - 1; last >= 0; ) {
      const end = fits[last]?.end;
      let first = last;
      while (first > 0 && fits[first - 1]?.end === end) first--;
      const candidates = fits.slice(first, last + 1).sort((a, b) => a.pattern - b.pattern);
      const good = candidates.find(({ pattern }) => {
        const { accepts } = this.#detectors[pattern] as Detector;
        return !accepts || accepts(text.slice(start, end));
      });
      if (good) return good;
      last = first - 1;
    }
    return undefined;
  }
}

/** Whether what a text holds is JSON, as the arguments of a tool are. */
export type TextForm = 'plain' | 'json';

/** What rules find in a whole text, each on its own, in order of their places. */
export function findIn(text: string, rules: readonly TextRule[], form: TextForm): Finding[] {
  const found: Finding[] = [];
  if (form === 'plain' || !text.includes('\\')) {
    for (const rule of rules) rule.read(text, 0, rule.begin(), true, found);
    return inOrder(found);
  }
  const json = new JsonText();
  const said = json.push(text) + json.end();
  for (const rule of rules) rule.read(said, 0, rule.begin(), true, found);
  return inOrder(
    found.map((finding) => ({
      ...finding,
      start: json.writtenAt(finding.start),
      end: json.writtenAt(finding.end),
    })),
  );
}

export function inOrder(found: Finding[]): Finding[] {
  return found.length > 1 ? found.sort((a, b) => a.start - b.start || a.end - b.end) : found;
}
