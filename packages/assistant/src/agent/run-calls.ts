import { RpcError } from '@zeke/rpc';
import type { ToolCallPart } from '../model/model-client.ts';
import type { Action } from '../permissions/action.ts';
import type { EntryData, EntryOf } from '../sessions/session-entry.ts';
import type { ToolOutput } from '../tools/tool.ts';
import type { AgentEndReason, TodoItem } from './agent-event.ts';
import type { Approvals } from './approvals.ts';
import { afterCall } from './call-hooks.ts';
import { ChangeWatch, type Watched } from './change-watch.ts';
import { type CallDecision, decideCall, placeOf } from './decide-call.ts';
import { executeCall } from './execute-call.ts';
import { type PreparedCall, prepareCall } from './prepare-call.ts';
import type { RunParts } from './run-parts.ts';

/** How many calls of one step run at once. */
const maxAtOnce = 8;

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
  readonly #watch: ChangeWatch;
  readonly #changed = new Set<string>();
  readonly #touched = new Set<string>();
  #stop: CallsOutcome['stop'];

  constructor(parts: RunParts, approvals: Approvals, step: number) {
    this.#parts = parts;
    this.#approvals = approvals;
    this.#watch = new ChangeWatch(parts, step);
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
    const before = await this.#watch.begin(actions);
    const { output } = await this.#execute(call, actions);
    const change = await this.#endWatch(before);
    if (change !== undefined) await this.#parts.lease.append(change);
    return output;
  }

  async #runAlone(call: PreparedCall): Promise<void> {
    const decision = await this.#decide(call);
    if (decision === undefined) return;
    if (decision.kind !== 'run') return this.#refuse(call, decision);
    const begun = await this.#beginWatch([call], decision.actions);
    if (begun === undefined) return;
    const { output, durationMs } = await this.#executeHooked(call, decision.actions);
    let change: EntryOf<'change'> | undefined;
    let changes = output.changes ?? [];
    try {
      change = await this.#endWatch(begun.before);
      if (output.changes === undefined) changes = await this.#watch.diffs(change);
    } catch (error) {
      // What the call gave is kept; what it changed is looked for again when the session goes on.
      await this.#commit(call, output, durationMs);
      throw error;
    }
    await this.#commit(call, { ...output, changes }, durationMs, change);
  }

  async #runBeside(unit: readonly PreparedCall[]): Promise<void> {
    const changing = unit.some(({ runnable }) => runnable?.tool.isReadOnly === false);
    const begun = changing ? await this.#beginWatch(unit, []) : { before: undefined };
    if (begun === undefined) return;
    const waiting = [...unit];
    const work = async (): Promise<void> => {
      for (let call = waiting.shift(); call !== undefined; call = waiting.shift()) {
        if (this.#parts.signal.aborted) return;
        const decision = await this.#decide(call);
        if (decision === undefined) return;
        if (decision.kind !== 'run') await this.#refuse(call, decision);
        else {
          const { output, durationMs } = await this.#executeHooked(call, decision.actions);
          await this.#commit(call, output, durationMs);
        }
      }
    };
    const workers = Array.from({ length: Math.min(maxAtOnce, unit.length) }, work);
    // All come to their end, so that nothing runs on when one of them fails.
    const ends = await Promise.allSettled(workers);
    const change = await this.#endWatch(begun.before);
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
    { kind, stop, text }: Extract<CallDecision, { text: string }>,
  ): Promise<void> {
    this.#stop ??= stop;
    const summary = kind === 'denied' ? 'denied' : (text.split('\n', 1)[0] ?? '');
    await this.#commit(call, { text, isError: true, summary }, 0, undefined, kind === 'denied');
  }

  async #executeHooked(
    call: PreparedCall,
    allowed: readonly Action[],
  ): Promise<{ output: ToolOutput; durationMs: number }> {
    const { durationMs, output } = await this.#execute(call, allowed);
    const hooked = await afterCall(call, output, this.#parts);
    this.#stop ??= hooked.stop;
    return { output: hooked.output, durationMs };
  }

  async #execute(
    call: PreparedCall,
    allowed: readonly Action[],
  ): Promise<{ output: ToolOutput; durationMs: number }> {
    const executed = await executeCall(call, allowed, this.#parts);
    const { changes = [], isError } = executed.output;
    for (const { path } of changes) this.#changed.add(path);
    for (const action of isError === true ? [] : allowed) {
      if (action.kind === 'read' || action.kind === 'write') this.#touched.add(action.path);
    }
    return executed;
  }

  /** Undefined where the calls are not to be run: canceled, or refused for want of a snapshot. */
  async #beginWatch(
    calls: readonly PreparedCall[],
    actions: readonly Action[],
  ): Promise<{ readonly before: Watched | undefined } | undefined> {
    try {
      // A hook after a call may change more than the call says, as a formatter does.
      const { hooks } = this.#parts;
      const isHooked = calls.some(({ part }) => hooks.has('PostToolUse', part.name));
      return { before: await this.#watch.begin(actions, isHooked) };
    } catch (error) {
      if (this.#parts.signal.aborted) return undefined;
      const { message } = RpcError.from(error);
      const text = `It was not run, since no snapshot of the files could be taken: ${message}`;
      for (const call of calls) await this.#refuse(call, { kind: 'failed', text });
      return undefined;
    }
  }

  async #endWatch(before: Watched | undefined): Promise<EntryOf<'change'> | undefined> {
    const change = await this.#watch.end(before);
    for (const path of change?.paths ?? []) this.#changed.add(path);
    return change;
  }

  async #commit(
    call: PreparedCall,
    given: ToolOutput,
    durationMs: number,
    change?: EntryOf<'change'>,
    isDenied = false,
  ): Promise<void> {
    const { lease, channel, sentReads } = this.#parts;
    const { id } = call.part;
    const output = sentReads.shorten(given, lease.entries);
    const isError = output.isError === true;
    const outcome = isDenied ? 'denied' : isError ? 'failed' : 'ok';
    const text = output.text + this.#warn(call, outcome, given.text);
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
    sentReads.note(id, given, text);
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

function todoOf({ runnable }: PreparedCall): readonly TodoItem[] | undefined {
  if (runnable?.tool.name !== 'todo') return undefined;
  return (runnable.input as { readonly items?: readonly TodoItem[] }).items;
}
