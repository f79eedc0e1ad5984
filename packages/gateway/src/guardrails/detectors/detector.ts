import { type PatternNode, parsePattern } from '@zeke/foundation/patterns';

/** One kind of text to find. */
export interface Detector {
  /** What it is called in placeholders, logs and metrics: `email`, `github-pat`. */
  readonly kind: string;
  readonly pattern: PatternNode;
  /** Whether a text that fits the pattern is one; any is, without it. */
  readonly accepts?: (text: string) => boolean;
}

/** A detector of a pattern in RE2's syntax. */
export function detector(
  kind: string,
  source: string,
  accepts?: (text: string) => boolean,
): Detector {
  const pattern = parsePattern(source);
  return accepts ? { kind, pattern, accepts } : { kind, pattern };
}
