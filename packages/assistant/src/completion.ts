export { Completer } from './completion/completer.ts';
export type { CompletionRequest, RelatedText, RelatedTexts } from './completion/completion.ts';
export { LocalCompleters } from './completion/local/index.ts';
export { ImportedDefinitions } from './context/completion/imported-definitions.ts';
export { openProject } from './project/open-project.ts';
export type { Project } from './project/project.ts';
export { CodeIndexes } from './project-index/code-indexes.ts';
