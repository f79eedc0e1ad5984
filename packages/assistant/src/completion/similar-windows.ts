import type { RelatedText } from './completion.ts';

/** Documents that are looked through, and lines of each. */
const maxDocuments = 5;
const maxLines = 600;
/** Lines of a piece, and how far apart pieces begin. */
const windowLines = 40;
const stepLines = 20;
/** Lines before the cursor whose names are looked for. */
const nearLines = 30;
/** Fewer names in common say nothing. */
const minCommon = 3;
/** Documents whose pieces are kept, so that only what changed is read anew. */
const maxKept = 32;

interface Window {
  readonly text: string;
  readonly names: ReadonlySet<string>;
}

/** Of other open documents, the piece of each that has most names in common with the lines before a cursor. */
export class SimilarWindows {
  readonly #kept = new Map<string, readonly Window[]>();

  /** The most alike first. */
  find(
    prefix: string,
    documents: readonly { readonly path: string; readonly text: string }[],
  ): RelatedText[] {
    const near = namesIn(lastLines(prefix));
    const found = documents.slice(0, maxDocuments).flatMap(({ path, text }) => {
      let best: { readonly window: Window; readonly common: number } | undefined;
      for (const window of this.#windows(path, text)) {
        let common = 0;
        for (const name of near) if (window.names.has(name)) common++;
        if (common >= (best?.common ?? minCommon - 1) + 1) best = { window, common };
      }
      return best === undefined ? [] : [{ path, text: best.window.text, common: best.common }];
    });
    found.sort((left, right) => right.common - left.common);
    return found.map(({ path, text }) => ({ path, text }));
  }

  #windows(path: string, text: string): readonly Window[] {
    const key = `${path}\0${text.length}\0${Bun.hash(text)}`;
    const known = this.#kept.get(key);
    this.#kept.delete(key);
    const windows = known ?? windowsOf(text);
    this.#kept.set(key, windows);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > maxKept && oldest !== undefined) this.#kept.delete(oldest);
    return windows;
  }
}

function windowsOf(text: string): Window[] {
  const lines = text.slice(0, maxLines * 200).split('\n', maxLines);
  const windows: Window[] = [];
  for (let from = 0; from === 0 || from + stepLines < lines.length; from += stepLines) {
    const piece = lines.slice(from, from + windowLines).join('\n');
    windows.push({ text: piece, names: namesIn(piece) });
  }
  return windows;
}

function lastLines(prefix: string): string {
  return prefix
    .slice(-nearLines * 120)
    .split('\n')
    .slice(-nearLines)
    .join('\n');
}

function namesIn(text: string): Set<string> {
  return new Set(text.match(/[\p{L}_$][\p{L}\p{N}_$]{3,}/gu));
}
