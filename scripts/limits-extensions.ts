import type { FixedLimit } from './limits-page.ts';

const hooks = 'Hooks';
const watch = 'Watching comments';

/** Limits of `packages/assistant/src/hooks` and `watch`. */
export const extensionLimits: readonly FixedLimit[] = [
  of(hooks, 'hooks of a file', 'hooks/read-hooks.ts', 'maxHooks', '', 'the first are used'),
  of(
    hooks,
    "scripts of a project's hooks",
    'hooks/load-hooks.ts',
    'maxScripts',
    '',
    'none is used',
  ),
  of(
    hooks,
    'what is kept of each stream',
    'hooks/run-hook.ts',
    'maxOutputBytes',
    'bytes',
    'it is cut',
  ),
  of(hooks, 'output', 'hooks/run-hook.ts', 'maxFloodBytes', 'bytes', 'it is ended'),
  of(
    hooks,
    'words for the model',
    'hooks/read-answer.ts',
    'maxTextLength',
    'characters',
    'they are cut',
  ),
  of(
    hooks,
    'times that they send a model back to work',
    'agent/turn-hooks.ts',
    'maxStopRounds',
    '',
    'the run ends',
  ),
  of(
    watch,
    'folders that are watched',
    'project-index/watch-folders.ts',
    'maxWatchedFolders',
    '',
    'all files are looked at now and then',
  ),
  of(
    watch,
    'comments shown with their lines',
    'watch/comment-instruction.ts',
    'maxExcerpts',
    '',
    'the places only',
  ),
  of(
    watch,
    'parsing a file',
    'watch/comment-finder.ts',
    'maxParseMs',
    'ms',
    'the lexer alone says what a comment is',
  ),
];

function of(
  group: string,
  what: string,
  file: string,
  constant: string,
  unit: FixedLimit['unit'],
  then: string,
): FixedLimit {
  return { group, what, file: `assistant/src/${file}`, constant, unit, then };
}
