import { z } from 'zod';

/** From what must not go in to what is a matter of taste. */
export const severities = ['critical', 'major', 'minor', 'nit'] as const;

type Severity = (typeof severities)[number];

/** One thing that a review found. */
export interface Finding {
  /** Relative to the project's root. */
  readonly file: string;
  /** In the file as it is after the change, from 1. */
  readonly line: number;
  /** The last line that it is about. */
  readonly endLine: number;
  readonly severity: Severity;
  /** One sentence. */
  readonly title: string;
  /** What goes wrong, and when. */
  readonly explanation: string;
  /** What stands in place of the lines; undefined where nothing is suggested. */
  readonly replacement?: string;
}

const answer = z.object({
  summary: z.string().default(''),
  findings: z
    .array(
      z.object({
        file: z.string().min(1),
        line: z.number().int().min(1),
        end_line: z.number().int().min(1).optional(),
        severity: z.enum(severities),
        title: z.string().min(1),
        explanation: z.string().default(''),
        replacement: z.string().nullish(),
      }),
    )
    .max(200),
});

/** What a model is told of how it has to answer. */
export const answerFormat = `{
  "summary": "one or two sentences: what the change does, and whether it is fit to go in",
  "findings": [
    {
      "file": "path of the file, from the project's root",
      "line": 12, "end_line": 14,
      "severity": "critical | major | minor | nit",
      "title": "one sentence: what is wrong",
      "explanation": "what happens because of it, with which input; how you know",
      "replacement": "the new text of lines 12 to 14, whole lines with their indentation; or null"
    }
  ]
}`;

export interface ReadAnswer {
  readonly summary: string;
  readonly findings: readonly Finding[];
}

/** The findings in a model's last words, which have a JSON object in them; a text says why there are none. */
export function readAnswer(text: string): ReadAnswer | string {
  const json = jsonIn(text);
  if (json === undefined) return 'there is no JSON object in the answer';
  const checked = answer.safeParse(json);
  if (!checked.success) {
    return checked.error.issues
      .map(({ message, path }) => `${path.join('.')}: ${message}`)
      .join('; ');
  }
  const { findings, summary } = checked.data;
  return {
    summary,
    findings: findings.map(({ end_line: end, replacement, ...finding }) => ({
      ...finding,
      file: finding.file.replace(/^\.?\//, ''),
      endLine: Math.max(end ?? finding.line, finding.line),
      ...(typeof replacement === 'string' ? { replacement } : {}),
    })),
  };
}

/** The largest object in a text: models put words and fences around theirs. */
function jsonIn(text: string): unknown {
  const first = text.indexOf('{');
  for (let last = text.lastIndexOf('}'); first >= 0 && last > first; ) {
    try {
      return JSON.parse(text.slice(first, last + 1));
    } catch {
      last = text.lastIndexOf('}', last - 1);
    }
  }
  return undefined;
}
