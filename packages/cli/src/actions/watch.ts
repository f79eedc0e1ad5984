import { type CommentTask, CommentWatch, openProject, type TaskOutcome } from '@zeke/daemon/watch';
import type { DaemonClient } from '@zeke/protocol/client';
import type { FileDiff, StepUpdate } from '@zeke/protocol/reaper';
import { RpcError } from '@zeke/rpc';
import { followRun } from '../agent/follow-run.ts';
import { LineReader } from '../agent/line-reader.ts';
import { tellAnswer } from '../agent/tell-answer.ts';
import { watchTeller } from '../agent/watch-teller.ts';
import type { WatchFlags } from '../commands/watch.ts';
import type { Context } from '../context.ts';
import { openDaemon } from '../open-daemon.ts';
import { runRequest } from './agent.ts';

/** `zeke watch`: until Ctrl-C, which first ends the run under way where there is one. */
export async function watchProject(context: Context, flags: WatchFlags): Promise<void> {
  const { cwd, environment, interrupts, output } = context;
  const { signal } = interrupts;
  // What is wrong with flags is told now, not with the first comment.
  runRequest(context, flags);
  const project = await openProject(cwd);
  const teller = watchTeller(context.output, flags.json ?? false);
  using watch = await CommentWatch.open(
    {
      project,
      environment,
      onNoted: (comments) => teller.noted(comments),
      onLimit: () => output.note(notWatched),
    },
    signal,
  );
  const runner = new TaskRunner(context, flags);
  await runner.resume();
  teller.begun(project.name, watch);
  for (;;) {
    const task = await nextTask(context, flags, watch);
    teller.task(task);
    const outcome = await runner.run(task);
    teller.settled(await watch.settle(task, outcome, signal), outcome);
  }
}

const notWatched =
  'zeke: not all folders can be watched (fs.inotify.max_user_watches, or over 2,000 of them): files are looked at every few seconds instead';

/** What is typed meanwhile is for nobody, and must not answer a question that comes later. */
async function nextTask(
  { interactive, interrupts, output, stdin }: Context,
  { json }: WatchFlags,
  watch: CommentWatch,
): Promise<CommentTask> {
  const hint = () => output.note('zeke: write it into the code, as a comment with AI! or AI?');
  using _lines = interactive && json !== true ? new LineReader(stdin, hint) : undefined;
  return await watch.next(interrupts.signal);
}

/** Has tasks done, one after the other, in one session. */
class TaskRunner {
  readonly #context: Context;
  readonly #flags: WatchFlags;
  #sessionId = '';

  constructor(context: Context, flags: WatchFlags) {
    this.#context = context;
    this.#flags = flags;
  }

  /** Finds the session to go on with, where flags say one. Throws `not_found`. */
  async resume(): Promise<void> {
    const { continue: last, resume } = this.#flags;
    if (last !== true && resume === undefined) return;
    await using client = await openDaemon(this.#context, this.#flags);
    const { cwd } = this.#context;
    const { session } = await client.session.resume({ sessionId: resume ?? '', cwd });
    this.#sessionId = session?.id ?? '';
  }

  /** What goes wrong is told: the next comment may fare better. Throws when the command is to end. */
  async run(task: CommentTask): Promise<TaskOutcome> {
    const { interrupts, output } = this.#context;
    const changes: FileDiff[] = [];
    try {
      // Opened for each task, since the daemon may have been stopped or replaced in between.
      await using client = await openDaemon(this.#context, this.#flags);
      const isDone =
        task.kind === 'do' ? await this.#do(task, client, changes) : await this.#ask(task, client);
      return { isDone, changes };
    } catch (reason) {
      if (interrupts.signal.aborted) throw reason;
      const { code, message } = RpcError.from(reason);
      // A session that was deleted meanwhile is not gone on with.
      if (code === 'not_found') this.#sessionId = '';
      output.note(`${output.noteStyles.red('zeke:')} ${message}`);
      return { isDone: false, changes };
    }
  }

  async #do(task: CommentTask, client: DaemonClient, changes: FileDiff[]): Promise<boolean> {
    const { instruction } = task;
    const request = {
      ...runRequest(this.#context, this.#flags),
      instruction,
      sessionId: this.#sessionId,
    };
    const { isCompleted, sessionId } = await followRun(this.#context, {
      client,
      updates: (signal) => noting(client.agent.execute(request, { signal }), changes),
      json: this.#flags.json ?? false,
    });
    this.#sessionId = sessionId;
    return isCompleted;
  }

  async #ask(task: CommentTask, client: DaemonClient): Promise<boolean> {
    const { cwd, interrupts, output } = this.#context;
    const { json = false, model } = this.#flags;
    const request = {
      cwd,
      messages: [{ role: 'user', content: task.instruction }],
      sessionId: this.#sessionId,
      ...(model === undefined ? {} : { model }),
    };
    const { last, text } = await interrupts.scope((stop) => {
      const signal = AbortSignal.any([stop, interrupts.signal]);
      return tellAnswer(this.#context, { client, request, json, signal });
    });
    this.#sessionId = last.sessionId;
    if (json) {
      const { finishReason, model: used, sessionId: session, usage } = last;
      const answer = { session, model: used, text, finish_reason: finishReason, usage };
      output.line(JSON.stringify({ answer }));
    }
    return true;
  }
}

/** Updates as they are, with what they say that changed in files. */
async function* noting(
  updates: AsyncIterable<StepUpdate>,
  changes: FileDiff[],
): AsyncGenerator<StepUpdate> {
  for await (const update of updates) {
    noteChanges(update, changes);
    yield update;
  }
}

function noteChanges({ event }: StepUpdate, changes: FileDiff[]): void {
  if (event.case === 'toolResult') changes.push(...event.value.changes);
  if (event.case === 'subagent' && event.value.update !== undefined) {
    noteChanges(event.value.update, changes);
  }
}
