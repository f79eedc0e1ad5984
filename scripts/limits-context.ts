import type { FixedLimit } from './limits-page.ts';

/** Limits of what is indexed of a project and of what a model is shown, that nobody sets. */
export const contextLimits: readonly FixedLimit[] = [
  index(
    'files of a project',
    'list-files.ts',
    'maxFiles',
    '',
    'the last by name are left out; `stats` says so',
  ),
  index('a file of source', 'read-file-symbols.ts', 'maxSourceBytes', 'bytes', 'it is not indexed'),
  index('time to parse a file', 'file-parser.ts', 'maxParseMs', 'ms', 'it is not indexed'),
  index(
    'definitions of a file',
    'file-symbols.ts',
    'maxDefinitions',
    '',
    'later ones are left out',
  ),
  index('different names of a file', 'file-symbols.ts', 'maxNames', '', 'later ones are left out'),
  index(
    'folders watched',
    'watch-folders.ts',
    'maxWatchedFolders',
    '',
    'files are looked at when the index is asked',
  ),
  index(
    'projects open',
    'code-indexes.ts',
    'maxOpen',
    '',
    'the one asked for longest ago is closed',
  ),
  context(
    'a file of instructions',
    'instructions/read-instructions.ts',
    'maxInstructionBytes',
    'bytes',
    'it is cut, told',
  ),
  context(
    'all instructions',
    'instructions/read-instructions.ts',
    'maxInstructionsLength',
    'characters',
    'later files are left out, told',
  ),
  context(
    'imports below each other',
    'instructions/read-instructions.ts',
    'maxImportDepth',
    'levels',
    'they are left out, told',
  ),
  context(
    'imports of a file',
    'instructions/read-instructions.ts',
    'maxImports',
    '',
    'they are left out, told',
  ),
  context(
    'mentions of a message',
    'mentions/find-mentions.ts',
    'maxMentions',
    '',
    'later ones are not looked at',
  ),
  context(
    'a file that is mentioned',
    'mentions/expand-mentions.ts',
    'maxFileBytes',
    'bytes',
    'its beginning is read, told',
  ),
];

function index(
  what: string,
  file: string,
  constant: string,
  unit: FixedLimit['unit'],
  then: string,
): FixedLimit {
  return {
    group: 'Index of projects',
    what,
    file: `assistant/src/project-index/${file}`,
    constant,
    unit,
    then,
  };
}

function context(
  what: string,
  file: string,
  constant: string,
  unit: FixedLimit['unit'],
  then: string,
): FixedLimit {
  return { group: 'Context', what, file: `assistant/src/context/${file}`, constant, unit, then };
}
