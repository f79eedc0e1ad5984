import { join, relative } from 'node:path';
import type { Project } from '../../project/project.ts';
import { isWithin } from '../../project/resolve-path.ts';

/** What programs that came before call theirs; of one folder the first that is there counts. */
const names = ['AGENTS.md', 'CLAUDE.md', 'GEMINI.md'] as const;

/** Where instructions may stand for one folder: the first of these that is there. */
export interface InstructionPlace {
  readonly candidates: readonly string[];
  /** The file must not lead out of this. */
  readonly root: string;
  readonly origin: 'user' | 'project';
}

/** The user's own, then the project's from its root down to a folder of it (absolute, resolved). */
export function instructionPlaces(
  project: Project,
  folder: string,
  home: string | undefined,
): InstructionPlace[] {
  const own: InstructionPlace[] =
    home === undefined
      ? []
      : [{ candidates: [join(home, 'AGENTS.md')], root: home, origin: 'user' }];
  return [
    ...own,
    ...foldersTo(project.root, folder).map(
      (path): InstructionPlace => ({
        candidates: names.map((name) => join(path, name)),
        root: project.root,
        origin: 'project',
      }),
    ),
  ];
}

/** From the root down to the folder, both included; the root alone for a folder that is not in it. */
function foldersTo(root: string, folder: string): string[] {
  if (!isWithin(root, folder)) return [root];
  const parts = relative(root, folder)
    .split('/')
    .filter((part) => part !== '');
  return [root, ...parts.map((_, index) => join(root, ...parts.slice(0, index + 1)))];
}
