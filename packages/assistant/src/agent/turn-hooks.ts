import { contextPart } from '../context/context-part.ts';
import type { HooksResult } from '../hooks/run-hooks.ts';
import type { ModelPart } from '../model/model-client.ts';
import { stopOf } from './call-hooks.ts';
import { RunStop } from './run-end.ts';
import type { RunParts } from './run-parts.ts';

/** How often hooks may send a model back to work before the run ends all the same. */
const maxStopRounds = 3;

/** Hooks at the turns of a run: where it begins, hears the user, and is done. */
export class TurnHooks {
  readonly #parts: RunParts;
  readonly #isSubagent: boolean;
  #context = '';
  #stopRounds = 0;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#isSubagent = parts.rootSessionId !== parts.lease.sessionId;
  }

  /** What hooks say here goes with the first words of the user. Throws `RunStop`. */
  async begin(): Promise<void> {
    const { hooks, lease } = this.#parts;
    if (this.#isSubagent) return;
    const isNew = !lease.entries.some(({ data }) => data.kind === 'user');
    const fields = { source: isNew ? 'startup' : 'resume' };
    this.#context = stopping(await hooks.at('SessionStart', fields)).context;
  }

  /** What hooks add to words of the user. Throws `RunStop` where they do not let them through. */
  async hear(prompt: string): Promise<readonly ModelPart[]> {
    if (this.#isSubagent) return [];
    const result = stopping(await this.#parts.hooks.at('UserPromptSubmit', { prompt }));
    if (result.verdict === 'deny') {
      throw refused(`a hook does not let this through: ${result.reason}`);
    }
    const context = [this.#context, result.context].filter(Boolean).join('\n');
    this.#context = '';
    return context === '' ? [] : [contextPart({ kind: 'hook' }, context)];
  }

  /** What the model is told where hooks say that it is not done; undefined: it is. Throws `RunStop`. */
  async finish(lastText: string): Promise<string | undefined> {
    const { channel, hooks } = this.#parts;
    const fields = { stop_hook_active: this.#stopRounds > 0, last_assistant_message: lastText };
    const event = this.#isSubagent ? 'SubagentStop' : 'Stop';
    const { reason, verdict } = stopping(await hooks.at(event, fields));
    if (verdict !== 'deny') return undefined;
    this.#stopRounds += 1;
    if (this.#stopRounds <= maxStopRounds) return `A hook says that it is not done: ${reason}`;
    const text = `a hook would have it go on after ${maxStopRounds} times: ${reason}`;
    await channel.send({ type: 'notice', text });
    return undefined;
  }
}

function stopping(result: HooksResult): HooksResult {
  const stop = stopOf(result);
  if (stop === undefined) return result;
  throw refused(stop.message);
}

function refused(message: string): RunStop {
  return new RunStop({ status: 'failed', reason: 'denied', message });
}
