import { type AiComment, type AiCommentKind, kindOfLine } from './ai-comment.ts';

/** Where a comment stands in a text, its signs included, in UTF-16 units. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The comments of a text that speak to the assistant. Line comments with nothing else on their lines,
 * directly below each other, are one: its strongest mark counts for all. `ranges` are in order.
 */
export function readBlocks(path: string, text: string, ranges: readonly TextRange[]): AiComment[] {
  const lines = new LineNumbers(text);
  const blocks: Block[] = [];
  for (const { start, end } of ranges) {
    const raw = text.slice(start, end).trimEnd();
    const line = lines.at(start);
    const block: Block = {
      line,
      endLine: line + countBreaks(raw),
      lines: wordsOf(raw),
      sign: isAlone(text, start) ? signOf(raw) : undefined,
    };
    const last = blocks.at(-1);
    if (last !== undefined && goOn(last, block)) {
      last.lines.push(...block.lines);
      last.endLine = block.endLine;
    } else blocks.push(block);
  }
  return blocks.flatMap((block) => {
    const kind = strongest(block.lines);
    if (kind === undefined) return [];
    const said = block.lines.join('\n').trim();
    return [{ path, line: block.line, endLine: block.endLine, kind, text: said }];
  });
}

interface Block {
  readonly line: number;
  endLine: number;
  readonly lines: string[];
  /** What begins it, where it is a line comment with nothing before it on its line. */
  readonly sign: string | undefined;
}

/** `next` is the line comment below, of the same kind. */
function goOn(last: Block, next: Block): boolean {
  return next.sign !== undefined && next.sign === last.sign && next.line === last.endLine + 1;
}

const lineSign = /^(?:\/\/+!?|#+!?|--+|;+|%+)/;
const opening = /^(?:\/\/+!?|\/\*+!?|#+!?|<!--+|\{-+|\(\*+|--+(?:\[=*\[)?|;+|%+|=begin\b)/;
const closing = /(?:\*+\/|--+>|-+\}|\*+\)|\]=*\]|^=end)$/;

function signOf(raw: string): string | undefined {
  return raw.includes('\n') ? undefined : lineSign.exec(raw)?.[0];
}

/** What a comment says, a line each, without its signs and the stars that blocks are drawn with. */
function wordsOf(raw: string): string[] {
  const inner = raw.replace(opening, '').replace(closing, '');
  return inner.split(/\r?\n/).map((line) => line.replace(/^\s*\*+(?=\s|$)/, '').trim());
}

function strongest(lines: readonly string[]): AiCommentKind | undefined {
  const kinds = lines.map(kindOfLine);
  return (['do', 'ask', 'note'] as const).find((kind) => kinds.includes(kind));
}

function isAlone(text: string, start: number): boolean {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  return text.slice(lineStart, start).trim() === '';
}

function countBreaks(text: string): number {
  return text.split('\n').length - 1;
}

/** The line of a place, counted from 1, for places that are asked for in order. */
class LineNumbers {
  readonly #text: string;
  #at = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  at(place: number): number {
    for (;;) {
      const next = this.#text.indexOf('\n', this.#at);
      if (next < 0 || next >= place) return this.#line;
      this.#at = next + 1;
      this.#line += 1;
    }
  }
}
