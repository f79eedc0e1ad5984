import type { FixedLimit } from './limits-page.ts';

const completion = 'Local completion';

/** Limits of the assistant that nobody sets. */
export const assistantLimits: readonly FixedLimit[] = [
  of(
    'files of a project',
    'project-files.ts',
    'maxProjectFiles',
    '',
    'the rest is not learned from; `status` says so',
  ),
  of('tokens of a project', 'learned-project.ts', 'maxProjectTokens', '', 'the same'),
  of(
    'different tokens of a project',
    'vocabulary.ts',
    'maxVocabulary',
    '',
    'later ones are never suggested',
  ),
  of('a token', 'vocabulary.ts', 'maxTokenCharacters', 'characters', 'it is never suggested'),
  of('a file of source', 'read-source.ts', 'maxSourceBytes', 'bytes', 'it is not learned from'),
  of('a file of data or prose', 'read-source.ts', 'maxDataBytes', 'bytes', 'the same'),
  of(
    'the open file before the cursor',
    'open-file.ts',
    'maxPrefixCharacters',
    'characters',
    'its beginning is not learned from',
  ),
  of(
    'the open file behind the cursor',
    'open-file.ts',
    'maxSuffixCharacters',
    'characters',
    'its end is not learned from',
  ),
  of(
    'the line of the cursor',
    'open-file.ts',
    'maxLineCharacters',
    'characters',
    'nothing is suggested',
  ),
  of(
    'files of a project that are open',
    'local-completer.ts',
    'maxOpenFiles',
    '',
    'the one used longest ago is read anew when it is asked about',
  ),
  of("a suggestion's tokens", 'suggest.ts', 'maxSuggestedTokens', '', 'it ends there'),
  of('suggestions of an answer', 'suggest.ts', 'maxSuggestions', '', 'the best are given'),
  of(
    'projects that are open',
    'local-completers.ts',
    'maxOpenProjects',
    '',
    'the one used longest ago is read again when it is asked about',
  ),
  of(
    'memory of all projects',
    'local-completers.ts',
    'defaultMaxBytes',
    'bytes',
    'those used longest ago live on a fourth of theirs; then the same',
  ),
];

function of(
  what: string,
  file: string,
  constant: string,
  unit: FixedLimit['unit'],
  then: string,
): FixedLimit {
  return {
    group: completion,
    what,
    file: `assistant/src/completion/local/${file}`,
    constant,
    unit,
    then,
  };
}
