import type { PositionEncodingKind } from 'vscode-languageserver-protocol';
import type { z } from 'zod';
import type { Project } from '../project/project.ts';
import { isWithin } from '../project/resolve-path.ts';
import type { locationsSchema } from './answers.ts';
import { readText } from './documents.ts';
import { linesOf, type Span, toSpan } from './positions.ts';
import { pathOf } from './published-diagnostics.ts';

/** Places that are kept of one answer. */
const maxLocations = 500;
/** Longest line that is shown. */
const maxLineCharacters = 300;

/** A place in some file, with what stands there. */
export interface CodeLocation {
  /** Absolute. */
  readonly path: string;
  readonly isInside: boolean;
  readonly span: Span;
  /** The line at its start, trimmed; empty for files outside the project, which are not read. */
  readonly text: string;
}

/** Places of an answer, each once, in its order, up to 500, and how many there were. */
export async function readLocations(
  answer: z.output<typeof locationsSchema>,
  encoding: PositionEncodingKind,
  project: Project,
): Promise<{ locations: CodeLocation[]; total: number }> {
  const found = answer.flatMap(({ uri, range }) => {
    const path = pathOf(uri);
    return path === undefined ? [] : [{ path, range }];
  });
  const texts = new Map<string, Promise<readonly string[]>>();
  const locations = new Map<string, CodeLocation>();
  for (const { path, range } of found.slice(0, maxLocations)) {
    const isInside = isWithin(project.root, path);
    let lines = texts.get(path);
    if (lines === undefined) {
      lines = isInside ? readText(path).then(linesOf, () => []) : Promise.resolve([]);
      texts.set(path, lines);
    }
    const span = toSpan(await lines, range, encoding);
    const text = ((await lines)[range.start.line] ?? '').trim().slice(0, maxLineCharacters);
    const key = `${path}:${span.start.line}:${span.start.column}`;
    if (!locations.has(key)) locations.set(key, { path, isInside, span, text });
  }
  return { locations: [...locations.values()], total: found.length };
}
