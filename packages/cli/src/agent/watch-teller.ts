import {
  type AiComment,
  type CommentTask,
  type CommentWatch,
  type SettledTask,
  showComment,
  type TaskOutcome,
} from '@zeke/daemon/watch';
import { type Output, printable } from '../output.ts';

/** Comments that are listed for people. */
const maxTold = 20;

/** Says what `zeke watch` sees. */
export interface WatchTeller {
  begun(project: string, watch: Pick<CommentWatch, 'fileCount' | 'waiting'>): void;
  noted(comments: readonly AiComment[]): void;
  task(task: CommentTask): void;
  settled(settled: SettledTask, outcome: TaskOutcome): void;
}

/** To people on standard error; or each as a line of JSON on standard output. */
export function watchTeller(output: Output, json: boolean): WatchTeller {
  return json ? forPrograms(output) : forPeople(output);
}

function forPrograms(output: Output): WatchTeller {
  const line = (value: object): void => output.line(JSON.stringify(value));
  return {
    begun: (project, { fileCount: files, waiting }) =>
      line({ watching: { project, files, waiting } }),
    noted: (noted) => line({ noted }),
    task: ({ comments, kind }) => line({ task: { kind, comments } }),
    settled: (settled, { isDone: done }) => line({ settled: { done, ...settled } }),
  };
}

function forPeople(output: Output): WatchTeller {
  const { bold, cyan, dim, yellow } = output.noteStyles;
  const list = (comments: readonly AiComment[], told: (shown: string) => string): void => {
    for (const comment of comments.slice(0, maxTold)) {
      output.note(told(printable(showComment(comment))));
    }
    const more = comments.length - maxTold;
    if (more > 0) output.note(`  and ${more} more`);
  };
  return {
    begun(project, { fileCount, waiting }) {
      const files = `${fileCount} ${fileCount === 1 ? 'file' : 'files'}`;
      output.note(
        `watching ${bold(printable(project))}, ${files}: AI! in a comment has it done, AI? has it answered, Ctrl-C ends`,
      );
      list(waiting, (shown) => dim(`  was there before, save its file to begin: ${shown}`));
    },
    noted: (comments) => list(comments, (shown) => dim(`  noted, waits for AI! or AI?: ${shown}`)),
    task: ({ comments }) => list(comments, (shown) => `${cyan('▸')} ${bold(shown)}`),
    settled({ left, written }, { isDone }) {
      list(left, (shown) => yellow(`  still there, no command until it changes: ${shown}`));
      list(written, (shown) =>
        yellow(`  written by the agent, no command until it changes: ${shown}`),
      );
      if (!isDone) output.note(dim('  not done: save the file again to have it tried once more'));
    },
  };
}
