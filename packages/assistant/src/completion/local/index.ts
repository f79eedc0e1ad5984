export { type Language, languageOf } from './languages.ts';
export type { LearnedStatus } from './learned-project.ts';
export { Lexer, tokenKinds } from './lexer.ts';
export {
  LocalCompleter,
  type LocalCompletion,
  type LocalCompletionRequest,
} from './local-completer.ts';
export { LocalCompleters, type LocalCompletersOptions } from './local-completers.ts';
export type { LocalSuggestion } from './suggest.ts';
