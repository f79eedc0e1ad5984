import { Lexer, languageOf, tokenKinds } from '@zeke/assistant/completion/local';
import type { Answer, Contender, Question } from './contender.ts';
import { listSources } from './list-sources.ts';

/** Tokens of context at most: a 3-gram, the usual plain model of code. */
const maxContext = 2;
const maxAnswers = 10;

/**
 * The same tokens and the same project, without what makes a nested cache: one table of n-grams for all,
 * smoothed by absolute discounting, and the open file is learned from only when it is saved.
 */
export async function plainNgram(root: string): Promise<Contender> {
  const model = new PlainNgram();
  for (const { path, text } of await listSources(root)) model.learn(path, text, 1);
  return {
    name: 'plain 3-gram',
    complete: (question) => model.complete(question),
    update: async (path, text) => model.replace(path, text),
    remove: async (path) => model.replace(path, ''),
    [Symbol.asyncDispose]: async () => {},
  };
}

class PlainNgram {
  /** By context, its tokens joined: how often each token came next. */
  readonly #next = new Map<string, Map<string, number>>();
  readonly #texts = new Map<string, string>();
  readonly #rankings = new Map<string, Ranked>();

  replace(path: string, text: string): void {
    this.learn(path, this.#texts.get(path) ?? '', -1);
    this.learn(path, text, 1);
  }

  learn(path: string, text: string, weight: number): void {
    if (languageOf(path) === undefined) return;
    this.#texts.set(path, text);
    this.#rankings.clear();
    const tokens = codeOf(path, text);
    for (let i = 0; i < tokens.length; i++) {
      for (let length = 0; length <= Math.min(i, maxContext); length++) {
        const context = tokens.slice(i - length, i).join('\0');
        const next = this.#next.get(context) ?? new Map<string, number>();
        this.#next.set(context, next);
        const token = tokens[i] ?? '';
        next.set(token, (next.get(token) ?? 0) + weight);
      }
    }
  }

  complete({ path, prefix }: Question): Answer[] {
    const tokens = codeOf(path, prefix.slice(-4000));
    // What touches the cursor is being typed.
    const partial = /[\p{L}\p{N}_$]$/u.test(prefix) ? (tokens.pop() ?? '') : '';
    const fits = (token: string) => token.length > partial.length && token.startsWith(partial);
    const shares = new Map<string, number>();
    let rest = 1;
    for (let length = Math.min(maxContext, tokens.length); length >= 0; length--) {
      if (length === 0 && shares.size >= maxAnswers) break;
      const { counts, sum } = this.#ranked(tokens.slice(tokens.length - length).join('\0'));
      let found = 0;
      for (const [token, count] of counts) {
        if (!fits(token)) continue;
        shares.set(token, (shares.get(token) ?? 0) + (rest * (count - discount)) / sum);
        if (++found === maxAnswers) break;
      }
      if (counts.length > 0) rest *= (discount * counts.length) / sum;
    }
    return [...shares]
      .toSorted((a, b) => b[1] - a[1])
      .slice(0, maxAnswers)
      .map(([token, confidence]) => ({ text: token.slice(partial.length), confidence }));
  }

  /** What followed a context, the most frequent first; kept until something is learned. */
  #ranked(context: string): Ranked {
    const known = this.#rankings.get(context);
    if (known !== undefined) return known;
    const counts = [...(this.#next.get(context) ?? [])]
      .filter(([, count]) => count > 0)
      .toSorted((a, b) => b[1] - a[1]);
    const ranked = { counts, sum: counts.reduce((all, [, count]) => all + count, 0) };
    this.#rankings.set(context, ranked);
    return ranked;
  }
}

interface Ranked {
  readonly counts: readonly (readonly [token: string, count: number])[];
  readonly sum: number;
}

const discount = 0.75;

function codeOf(path: string, text: string): string[] {
  const language = languageOf(path);
  if (language === undefined) return [];
  const lexer = new Lexer(text, language);
  const found: string[] = [];
  while (lexer.next()) {
    const { end, kind, start } = lexer;
    const isCode =
      kind !== tokenKinds.blank && kind !== tokenKinds.newline && kind !== tokenKinds.comment;
    if (isCode) found.push(text.slice(start, end));
  }
  return found;
}
