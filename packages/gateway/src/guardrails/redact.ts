import { type Finding, findIn, type TextForm, type TextRule } from './text-rule.ts';

/** A place in a text, and what is put there. */
export interface Span {
  start: number;
  end: number;
  kind: string;
}

/** `[redacted:email]`: what stands in the place of a finding. */
export function placeholderOf(kind: string): string {
  return `[redacted:${kind}]`;
}

/** The places to redact; those that overlap are one, and called what the first is. Takes findings in order. */
export function spansOf(findings: readonly Finding[]): Span[] {
  const spans: Span[] = [];
  for (const { end, kind, rule, start } of findings) {
    if (rule.action !== 'redact') continue;
    const last = spans.at(-1);
    if (last && start < last.end) last.end = Math.max(last.end, end);
    else spans.push({ start, end, kind });
  }
  return spans;
}

/** Knows whether a place in JSON text that comes in pieces is inside a string. */
export class JsonPlace {
  #inString = false;
  #escaped = false;

  get inString(): boolean {
    return this.#inString;
  }

  read(text: string): void {
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (this.#escaped) this.#escaped = false;
      else if (unit === 92) this.#escaped = this.#inString;
      else if (unit === 34) this.#inString = !this.#inString;
    }
  }
}

/** The placeholder as it stands in JSON: a number that is replaced becomes a string. */
export function placeholderAt(kind: string, place: JsonPlace | undefined): string {
  const placeholder = placeholderOf(kind);
  return place && !place.inString ? JSON.stringify(placeholder) : placeholder;
}

/** A whole text with its findings replaced. */
export function redacted(text: string, findings: readonly Finding[], form: TextForm): string {
  const spans = spansOf(findings);
  if (spans.length === 0) return text;
  const place = form === 'json' ? new JsonPlace() : undefined;
  let result = '';
  let at = 0;
  for (const { end, kind, start } of spans) {
    const kept = text.slice(at, start);
    place?.read(kept);
    result += kept + placeholderAt(kind, place);
    at = end;
  }
  return result + text.slice(at);
}

/** A whole text as these rules let it pass, and what they find. */
export function redactText(text: string, rules: readonly TextRule[], form: TextForm = 'plain') {
  const findings = findIn(text, rules, form);
  return { findings, text: redacted(text, findings, form) };
}
