import type { FixedLimit } from './limits-page.ts';

/** Limits of language servers and of completion by models, that nobody sets. */
export const editingLimits: readonly FixedLimit[] = [
  servers(
    'servers that run',
    'language-servers.ts',
    'maxServers',
    '',
    'an unused one is stopped, else refused',
  ),
  servers('crashes in ten minutes', 'language-servers.ts', 'maxCrashes', '', 'it is left alone'),
  servers(
    'wait after crashes',
    'language-servers.ts',
    'maxBackOffMs',
    'ms',
    'questions are refused',
  ),
  servers('a message', 'frame-parser.ts', 'maxMessageBytes', 'bytes', 'the server is killed'),
  servers(
    'output that is no message',
    'frame-parser.ts',
    'maxGarbageBytes',
    'bytes',
    'the server is killed',
  ),
  servers(
    'what a server does not read',
    'server-process.ts',
    'maxPendingBytes',
    'bytes',
    'the server is killed',
  ),
  servers(
    'standard error in the log',
    'server-process.ts',
    'maxLoggedBytes',
    'bytes',
    'the rest is left out',
  ),
  servers('questions to one server', 'connection.ts', 'maxRequestsInFlight', '', 'refused'),
  servers('a file that is shown', 'documents.ts', 'maxDocumentBytes', 'bytes', 'refused'),
  servers(
    'open files of one server',
    'documents.ts',
    'maxOpenDocuments',
    '',
    'the one unused longest is closed',
  ),
  servers(
    'files watched',
    'watched-files.ts',
    'maxWatchedFiles',
    '',
    'only open files are looked at',
  ),
  servers(
    'files of a question for diagnostics',
    'diagnostics.ts',
    'maxDiagnosedFiles',
    '',
    'refused',
  ),
  servers(
    'diagnostics of a file',
    'published-diagnostics.ts',
    'maxPerFile',
    '',
    'the rest is left out',
  ),
  servers('places of an answer', 'locations.ts', 'maxLocations', '', 'the rest is counted'),
  servers('symbols of an answer', 'symbols.ts', 'maxSymbols', '', 'the rest is left out'),
  completion(
    'a document',
    'completer.ts',
    'maxDocumentCharacters',
    'characters',
    'nothing is completed',
  ),
  completion(
    'tokens of a prompt',
    'completion-prompt.ts',
    'maxPromptTokens',
    '',
    'the nearest lines are kept',
  ),
  completion('lines of a completion', 'clean-completion.ts', 'maxLines', '', 'it ends there'),
  completion(
    'memory of the cache',
    'completion-cache.ts',
    'maxBytes',
    'bytes',
    'the ones unused longest go',
  ),
  completion(
    'wait for a pause in the typing',
    'typing-pace.ts',
    'maxWaitMs',
    'ms',
    'the model is asked',
  ),
  completion(
    'rest of a model that fails',
    'model-reach.ts',
    'maxRestMs',
    'ms',
    'it is tried again',
  ),
  completion(
    'documents that are remembered',
    'edited-documents.ts',
    'maxDocuments',
    '',
    'the one unused longest is forgotten',
  ),
];

function servers(
  what: string,
  file: string,
  constant: string,
  unit: FixedLimit['unit'],
  then: string,
): FixedLimit {
  return {
    group: 'Language servers',
    what,
    file: `assistant/src/lsp/${file}`,
    constant,
    unit,
    then,
  };
}

function completion(
  what: string,
  file: string,
  constant: string,
  unit: FixedLimit['unit'],
  then: string,
): FixedLimit {
  const group = 'Completion by models';
  return { group, what, file: `assistant/src/completion/${file}`, constant, unit, then };
}
