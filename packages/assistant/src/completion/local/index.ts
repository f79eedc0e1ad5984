export { type Language, languageOf } from './languages.ts';
export { LearnedProject, type LearnedStatus } from './learned-project.ts';
export { Lexer, tokenKinds } from './lexer.ts';
export {
  LocalCompleter,
  type LocalCompletion,
  type LocalCompletionRequest,
} from './local-completer.ts';
export { LocalCompleters, type LocalCompletersOptions } from './local-completers.ts';
export { levelsFrom } from './nearness.ts';
export { OpenFile } from './open-file.ts';
export { Predictor } from './predictor.ts';
export { type RankedPlace, Ranker } from './ranker.ts';
export { featureCount, hiddenCount } from './ranking-network.ts';
export { behindWord, type LocalSuggestion } from './suggest.ts';
export { specialTokens } from './vocabulary.ts';
