import type { ToolOutput } from '../tool.ts';
import type { ChangedFile } from './project-files.ts';

/** Of diffs that models are shown; people see all. */
const maxShownDiffCharacters = 4_000;

/**
 * What a call has changed: for the model and for people, `src/a.ts: 2 lines added, 1 removed`. `notes`
 * are for the model, after it, and the diffs where it has to see them.
 */
export function toldChanges(
  changes: readonly ChangedFile[],
  notes: readonly string[] = [],
  showsDiffs = false,
): ToolOutput {
  const lines = changes.map((change) => `${change.diff.path}: ${counts(change)}`);
  if (lines.length === 0) lines.push('nothing changed: the text is there already');
  const [first = '', ...more] = lines;
  const diffs = showsDiffs ? [cut(changes.map(({ diff }) => diff.diff).join(''))] : [];
  return {
    text: [...lines, ...notes, ...diffs].join('\n'),
    summary: more.length === 0 ? first : `${lines.length} files: ${lines.join('; ')}`,
    changes: changes.map(({ diff }) => diff),
  };
}

function counts({ diff: { diff, linesAdded, linesRemoved }, kind }: ChangedFile): string {
  if (kind === 'create') return `made, ${counted(linesAdded)}`;
  if (kind === 'delete') return `deleted, ${counted(linesRemoved)}`;
  return diff === '' ? 'changed' : `${counted(linesAdded)} added, ${linesRemoved} removed`;
}

function cut(diff: string): string {
  if (diff.length <= maxShownDiffCharacters) return diff;
  return `${diff.slice(0, maxShownDiffCharacters)}\n… cut here: read the file to see the rest`;
}

function counted(count: number): string {
  return count === 1 ? '1 line' : `${count} lines`;
}
