import { LocalCompleter } from '@zeke/assistant/completion/local';

/** What is asked of everyone: the same place in the same file. */
export interface Question {
  readonly path: string;
  readonly prefix: string;
  readonly suffix: string;
}

export interface Answer {
  readonly text: string;
  /** NaN where the contender has none. */
  readonly confidence: number;
}

/** Who completes. It has learned the project, without what is held out. */
export interface Contender extends AsyncDisposable {
  readonly name: string;
  /** At most 10, the best first, however unsure. */
  complete(question: Question): readonly Answer[];
  update(path: string, text: string): Promise<void>;
  remove(path: string): Promise<void>;
}

/** Of the programs that list files. */
export const environment = { PATH: process.env.PATH ?? '' };

/** The local completer as the daemon runs it, but for the unsure answers, which are wanted here. */
export async function zeke(root: string): Promise<Contender> {
  const completer = LocalCompleter.open({ root, environment });
  await completer.ready();
  return {
    name: 'zeke',
    complete: (question) => completer.complete({ ...question, minConfidence: 0 }).suggestions,
    update: (path, text) => {
      completer.update(path, text);
      return completer.ready();
    },
    remove: (path) => {
      completer.remove(path);
      return completer.ready();
    },
    [Symbol.asyncDispose]: () => completer[Symbol.asyncDispose](),
  };
}
