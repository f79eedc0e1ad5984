import { Matcher, parsePattern } from '@zeke/foundation/patterns';
import { instructionsKind, type Scanned } from './results.ts';

/**
 * Looks for what is written for a model to obey, in a text that should be data: an approach to the prompt
 * injections that are known, no proof that a text is harmless. Characters that only models see are taken out.
 */
export function findInstructions(text: string): Scanned {
  const visible = text.replace(unseen, '');
  const isHidden = visible.length < text.length;
  return {
    text: visible,
    kinds: isHidden || holdsInstructions(visible) ? [instructionsKind] : [],
  };
}

/** Unicode's tags, which spell ASCII and are drawn as nothing, but for those of flags. */
const unseen = /(?<!\u{1f3f4}[\u{e0020}-\u{e007f}]*)[\u{e0000}-\u{e007f}]/gu;

const phrases = [
  '(ignore|disregard|forget|override)\\s+(all\\s+|any\\s+)?(of\\s+)?(the\\s+|your\\s+|my\\s+|these\\s+|those\\s+)?(previous|prior|above|earlier|preceding|existing)\\s+(instruction|prompt|rule|direction|message|context)',
  '(ignore|disregard|forget|override)\\s+(all\\s+)?(your|the)\\s+(system\\s+)?(instructions|prompt|rules|guidelines)',
  'you\\s+are\\s+now\\s+(a|an|in|the)\\s',
  '(new|updated|important)\\s+(system\\s+)?instructions?\\s*:',
  '<\\s*/?\\s*(system|important|instructions?|assistant|system-reminder|system_prompt)\\s*>',
  '\\[\\s*/?\\s*(system|inst)\\s*\\]',
  '<\\|im_start\\|>',
  'do\\s+not\\s+(tell|inform|mention|reveal|show)\\s+(this\\s+|it\\s+|any\\s+of\\s+this\\s+)?(to\\s+)?the\\s+user',
  'without\\s+(telling|informing|asking|notifying)\\s+the\\s+user',
  '(before|after)\\s+(using|calling|you\\s+(use|call))\\s+(this|any|the)\\s+(other\\s+)?tools?,?\\s+(you\\s+must|first|always|read|call)',
  '(reveal|print|repeat|output|send)\\s+(me\\s+)?(your|the)\\s+system\\s+prompt',
];

/** Longer than any of these, with the spaces between. */
const maxPhraseChars = 400;

const matcher = new Matcher(
  phrases.map((phrase) => parsePattern(`(?i)${phrase}`)),
  maxPhraseChars,
);

function holdsInstructions(text: string): boolean {
  let before = matcher.textStart;
  for (let at = 0; at < text.length; at++) {
    const start = matcher.nextStart(text, at, before);
    if (start >= text.length) return false;
    if (start > at) before = matcher.classOf[text.charCodeAt(start - 1)] as number;
    const fits: { end: number; pattern: number }[] = [];
    matcher.try(text, start, before, true, fits);
    if (fits.length > 0) return true;
    before = matcher.classOf[text.charCodeAt(start)] as number;
    at = start;
  }
  return false;
}
