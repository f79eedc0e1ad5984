import { resolve } from 'node:path';

export const root: string = resolve(import.meta.dir, '../..');

/** All pages that users and maintainers read, by their paths from the root. */
export const pages: readonly string[] = ['*.md', 'docs/**/*.md', 'packages/*/README.md'].flatMap(
  (pattern) => [...new Bun.Glob(pattern).scanSync(root)].toSorted(),
);

/** A fenced block of a page. */
export interface Block {
  readonly language: string;
  readonly text: string;
  /** Of its first line of text, from 1. */
  readonly line: number;
  /** What an HTML comment on the lines right before it says; '' for none. */
  readonly note: string;
}

export function blocksOf(page: string): Block[] {
  const fence = /(?:^<!--([\s\S]*?)-->\n+)?^```(\w+)\n([\s\S]*?)^```$/gm;
  return [...page.matchAll(fence)].map((match) => {
    const [whole, note = '', language = '', text = ''] = match;
    const before = page.slice(0, match.index + whole.indexOf(`\`\`\`${language}\n`));
    return { language, text, line: before.split('\n').length + 1, note: note.trim() };
  });
}
