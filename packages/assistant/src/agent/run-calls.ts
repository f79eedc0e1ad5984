import { RpcError } from '@zeke/rpc';
import type { ToolCallPart } from '../model/model-client.ts';
import type { Action } from '../permissions/action.ts';
import type { EntryData, EntryOf } from '../sessions/session-entry.ts';
import { shownPath } from '../snapshots/changed-file.ts';
import type { SkippedFile } from '../snapshots/list-changes.ts';
import type { FileDiff, ToolOutput } from '../tools/tool.ts';
import type { AgentEndReason, TodoItem } from './agent-event.ts';
import type { Approvals } from './approvals.ts';
import { type CallDecision, decideCall, placeOf } from './decide-call.ts';
import { type PreparedCall, prepareCall } from './prepare-call.ts';
import type { RunParts } from './run-parts.ts';

/** How many calls of one step run at once. */
const maxAtOnce = 8;
/** How many skipped files one notice names. */
const maxNamed = 10;
/** How long a tool may go on after its run was canceled, in milliseconds. */
const graceMs = 10_000;

/** What the calls of one step came to. */
export interface CallsOutcome {
  /** Relative to the project's root. */
  readonly changedPaths: readonly string[];
  /** Absolute: what calls said they read or write, and were allowed to. */
  readonly touchedPaths: readonly string[];
  /** The loop guard ends the run. */
  readonly stop: { readonly reason: AgentEndReason; readonly message: string } | undefined;
}

/**
 * Runs the calls of one step: those that only read beside each other, those that change something one by
 * one, each between two snapshots. Each result is in the session before it is told.
 */
export class CallRunner {
  readonly #parts: RunParts;
  readonly #approvals: Approvals;
  readonly #step: number;
  readonly #changed = new Set<string>();
  readonly #touched = new Set<string>();
  #stop: CallsOutcome['stop'];

  constructor(parts: RunParts, approvals: Approvals, step: number) {
    this.#parts = parts;
    this.#approvals = approvals;
    this.#step = step;
  }

  async run(calls: readonly PreparedCall[]): Promise<CallsOutcome> {
    for (const unit of unitsOf(calls)) {
      if (this.#stop !== undefined || this.#parts.signal.aborted) break;
      const [first] = unit;
      if (unit.length === 1 && first !== undefined && !isBeside(first)) await this.#runAlone(first);
      else await this.#runBeside(unit);
    }
    return { changedPaths: [...this.#changed], touchedPaths: [...this.#touched], stop: this.#stop };
  }

  /** A call of zeke's own, as a check: nobody is asked, and it has no place in the conversation. */
  async runOwn(call: PreparedCall): Promise<ToolOutput> {
    const { runnable } = call;
    if (runnable === undefined) return { text: call.fault, isError: true };
    const actions = await runnable.tool.actions(runnable.input, placeOf(this.#parts));
    const before = await this.#snapshot(actions);
    const { output } = await this.#execute(call, actions);
    const change = await this.#change(before, actions);
    if (change !== undefined) await this.#parts.lease.append(change);
    return output;
  }

  async #runAlone(call: PreparedCall): Promise<void> {
    const decision = await this.#decide(call);
    if (decision === undefined) return;
    if (decision.kind !== 'run') return this.#refuse(call, decision);
    let before: string | undefined;
    try {
      before = await this.#snapshot(decision.actions);
    } catch (error) {
      const failure = RpcError.from(error);
      if (this.#parts.signal.aborted) return;
      const text = `It was not run, since no snapshot of the files could be taken: ${failure.message}`;
      return this.#refuse(call, { kind: 'failed', text });
    }
    const { output, durationMs } = await this.#execute(call, decision.actions);
    const change = await this.#change(before, decision.actions);
    const changes = output.changes ?? (await this.#diffs(change));
    await this.#commit(call, { ...output, changes }, durationMs, change);
  }

  async #runBeside(unit: readonly PreparedCall[]): Promise<void> {
    const changing = unit.some(({ runnable }) => runnable?.tool.isReadOnly === false);
    const before = changing ? await this.#snapshot([]) : undefined;
    const waiting = [...unit];
    const work = async (): Promise<void> => {
      for (let call = waiting.shift(); call !== undefined; call = waiting.shift()) {
        if (this.#parts.signal.aborted) return;
        const decision = await this.#decide(call);
        if (decision === undefined) return;
        if (decision.kind !== 'run') await this.#refuse(call, decision);
        else {
          const { output, durationMs } = await this.#execute(call, decision.actions);
          await this.#commit(call, output, durationMs);
        }
      }
    };
    const workers = Array.from({ length: Math.min(maxAtOnce, unit.length) }, work);
    // All come to their end, so that nothing runs on when one of them fails.
    const ends = await Promise.allSettled(workers);
    const change = await this.#change(before, []);
    if (change !== undefined) await this.#parts.lease.append(change);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  /** Undefined where the run was canceled while it waited for an answer. */
  async #decide(call: PreparedCall): Promise<CallDecision | undefined> {
    try {
      return await decideCall(call, this.#parts, this.#approvals);
    } catch (error) {
      if (this.#parts.signal.aborted) return undefined;
      throw error;
    }
  }

  async #refuse(
    call: PreparedCall,
    { kind, text }: Extract<CallDecision, { text: string }>,
  ): Promise<void> {
    const summary = kind === 'denied' ? 'denied' : (text.split('\n', 1)[0] ?? '');
    await this.#commit(call, { text, isError: true, summary }, 0, undefined, kind === 'denied');
  }

  async #execute(
    call: PreparedCall,
    allowed: readonly Action[],
  ): Promise<{ output: ToolOutput; durationMs: number }> {
    const { options, channel, signal } = this.#parts;
    const { runnable, part } = call;
    const startedMs = options.now();
    const context = {
      ...placeOf(this.#parts),
      callId: part.id,
      signal,
      allowed,
      onProgress: (text: string) =>
        channel.sendNow({ type: 'tool-progress', callId: part.id, text }),
    };
    const output = await withGrace(
      async () => (await runnable?.tool.run(runnable.input, context)) ?? { text: call.fault },
      signal,
      (error) => options.onDefect?.(error, call.part.name),
    );
    for (const { path } of output.changes ?? []) this.#changed.add(path);
    for (const action of output.isError === true ? [] : allowed) {
      if (action.kind === 'read' || action.kind === 'write') this.#touched.add(action.path);
    }
    return { output, durationMs: options.now() - startedMs };
  }

  /** The tree; undefined where there are no snapshots. */
  async #snapshot(actions: readonly Action[]): Promise<string | undefined> {
    const { snapshots, lease, signal } = this.#parts;
    if (snapshots === undefined) return undefined;
    const also = writtenPaths(actions);
    const { tree, skipped } = await snapshots.take(signal, also);
    await lease.append({ kind: 'snapshot', step: this.#step, tree, also });
    await this.#tellSkipped(skipped);
    return tree;
  }

  async #tellSkipped(skipped: readonly SkippedFile[]): Promise<void> {
    const { channel, toldSkipped } = this.#parts;
    const news = skipped.filter(({ path }) => !toldSkipped.has(path));
    if (news.length === 0) return;
    for (const { path } of news) toldSkipped.add(path);
    const named = news.slice(0, maxNamed).map(({ path, reason }) => `${path} (${reason})`);
    const more = news.length > maxNamed ? ` and ${news.length - maxNamed} more` : '';
    const text = `Changes in these cannot be undone: ${named.join(', ')}${more}`;
    await channel.send({ type: 'notice', text });
  }

  /** What changed since the snapshot; it is looked for even when the run was canceled. */
  async #change(
    before: string | undefined,
    actions: readonly Action[],
  ): Promise<EntryOf<'change'> | undefined> {
    const { snapshots, guard } = this.#parts;
    if (snapshots === undefined || before === undefined) return undefined;
    const signal = AbortSignal.timeout(graceMs);
    const { tree } = await snapshots.take(signal, writtenPaths(actions));
    const changed = await snapshots.changes(before, tree, signal);
    const paths = changed.map(({ bytePath }) => shownPath(bytePath));
    for (const path of paths) this.#changed.add(path);
    if (paths.length > 0) guard.clear();
    return { kind: 'change', step: this.#step, before, after: tree, paths };
  }

  /** For a tool that does not say itself what it changed. */
  async #diffs(change: EntryOf<'change'> | undefined): Promise<readonly FileDiff[]> {
    const { snapshots } = this.#parts;
    if (snapshots === undefined || change === undefined || change.paths.length === 0) return [];
    return snapshots.diff(change.before, change.after, AbortSignal.timeout(graceMs));
  }

  async #commit(
    call: PreparedCall,
    output: ToolOutput,
    durationMs: number,
    change?: EntryOf<'change'>,
    isDenied = false,
  ): Promise<void> {
    const { lease, channel } = this.#parts;
    const { id } = call.part;
    const isError = output.isError === true;
    const outcome = isDenied ? 'denied' : isError ? 'failed' : 'ok';
    const text = output.text + this.#warn(call, outcome, output.text);
    const summary = output.summary ?? '';
    const changes = output.changes ?? [];
    const result: EntryData = {
      kind: 'result',
      callId: id,
      isError,
      text,
      images: output.images ?? [],
      summary,
      changes,
      durationMs,
      isRepair: false,
    };
    const todo = isError ? undefined : todoOf(call);
    await lease.append(
      result,
      ...(change === undefined ? [] : [change]),
      ...(todo === undefined ? [] : [{ kind: 'todo' as const, items: todo }]),
    );
    await channel.send({
      type: 'tool-result',
      callId: id,
      isError,
      text,
      summary,
      changes,
      durationMs,
    });
    if (todo !== undefined) await channel.send({ type: 'todo', items: todo });
  }

  /** What is added to the text for a model that runs in circles. */
  #warn(call: PreparedCall, outcome: 'ok' | 'failed' | 'denied', text: string): string {
    const word = this.#parts.guard.note(call.key, outcome, text);
    if (word === 'repeats') {
      return '\n[This call has given the same again and again, and nothing has changed meanwhile: do something else.]';
    }
    const line = text.split('\n', 1)[0] ?? '';
    if (word === 'failed-again') {
      const message = `${call.title} failed three times in the same way: ${line}`;
      this.#stop ??= { reason: 'repeated-failure', message };
    } else if (word === 'denied-again') {
      this.#stop ??= { reason: 'denied', message: `${call.title} was denied: ${line}` };
    }
    return '';
  }
}

/** The calls of an answer, ready to be run. */
export function prepareCalls(
  calls: readonly ToolCallPart[],
  { registry }: RunParts,
): readonly PreparedCall[] {
  return calls.map((call) => prepareCall(call, registry));
}

/** Neighbours that may run beside each other are one unit, each other call is one of its own. */
function unitsOf(calls: readonly PreparedCall[]): PreparedCall[][] {
  const units: PreparedCall[][] = [];
  let open: PreparedCall[] | undefined;
  for (const call of calls) {
    if (!isBeside(call)) {
      units.push([call]);
      open = undefined;
    } else if (open === undefined) {
      open = [call];
      units.push(open);
    } else {
      open.push(call);
    }
  }
  return units;
}

function isBeside({ runnable }: PreparedCall): boolean {
  return (
    runnable === undefined || runnable.tool.isReadOnly || runnable.tool.runsBesideOthers === true
  );
}

function writtenPaths(actions: readonly Action[]): string[] {
  return actions.flatMap((action) => (action.kind === 'write' ? [action.path] : []));
}

/** A tool's output, or what its failure comes to; one that ignores a cancel is left behind after a while. */
async function withGrace(
  work: () => Promise<ToolOutput>,
  signal: AbortSignal,
  onDefect: (error: unknown) => void,
): Promise<ToolOutput> {
  const { promise: gaveUp, resolve } = Promise.withResolvers<ToolOutput>();
  let timer: Timer | undefined;
  const onAbort = (): void => {
    timer = setTimeout(() => resolve(canceledOutput), graceMs);
  };
  const failed = (error: unknown): ToolOutput => {
    if (signal.aborted) return canceledOutput;
    onDefect(error);
    const { message } = RpcError.from(error);
    return { text: `The tool failed: ${message}`, isError: true, summary: 'failed' };
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work().catch(failed), gaveUp]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

const canceledOutput: ToolOutput = {
  text: 'The call was canceled before it was done; what it did until then stays.',
  isError: true,
  summary: 'canceled',
};

function todoOf({ runnable }: PreparedCall): readonly TodoItem[] | undefined {
  if (runnable?.tool.name !== 'todo') return undefined;
  return (runnable.input as { readonly items?: readonly TodoItem[] }).items;
}
