import { blankCode } from '../blank-code.ts';

/** Paths named in one file; beyond them none is looked for. */
const maxFound = 64;

/**
 * The files that a file of instructions imports: `@docs/style.md`, `@./notes.txt`. Each has a slash or
 * an extension, so that names of people and decorators are none; nothing in code, fenced or inline, is
 * one. In order, each once.
 */
export function findImports(markdown: string): string[] {
  const prose = blankCode(markdown);
  const found = new Set<string>();
  for (const [, path = ''] of prose.matchAll(mention)) {
    const trimmed = path.replace(/[.,;:!?)]+$/, '');
    if (trimmed.includes('://') || !looksLikeFile.test(trimmed)) continue;
    found.add(trimmed);
    if (found.size === maxFound) break;
  }
  return [...found];
}

/** Preceded by nothing that an address has before its `@`. */
const mention = /(?<![\p{L}\p{N}_.@/+-])@([\p{L}\p{N}_.~/-][\p{L}\p{N}_./@+-]*)/gu;
const looksLikeFile = /^\.{0,2}\/|\.[a-z]{1,8}$/i;
