import { type Hook, type HookEnd, type HookEvent, type HookReport, matchesTool } from './hook.ts';
import { type HookAnswer, readAnswer } from './read-answer.ts';

export interface RunHooksOptions {
  /** Those that may run. */
  readonly hooks: readonly Hook[];
  /** What all of them are told: the session, the folder, the mode, by Claude Code's names. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly run: (hook: Hook, input: Readonly<Record<string, unknown>>) => Promise<HookEnd>;
  /** Told of each hook that has run, in the order they end. */
  readonly report: (report: HookReport) => Promise<void>;
}

/** What all hooks of one event come to. */
export type HooksResult = Pick<HookAnswer, 'verdict' | 'reason' | 'context' | 'stop'>;

/** The tool call that an event is about. */
export interface HookedCall {
  readonly toolName: string;
  readonly callId: string;
}

const pass: HooksResult = { verdict: 'pass', reason: '', context: '', stop: undefined };

/** The hooks of one run. */
export class RunHooks {
  readonly #options: RunHooksOptions;

  constructor(options: RunHooksOptions) {
    this.#options = options;
  }

  /** For a run of a subagent. */
  get hooks(): readonly Hook[] {
    return this.#options.hooks;
  }

  has(event: HookEvent, toolName?: string): boolean {
    return this.#of(event, toolName).length > 0;
  }

  /** Runs all hooks of an event beside each other; the strictest counts. Never throws for what hooks do. */
  async at(
    event: HookEvent,
    fields: Readonly<Record<string, unknown>>,
    call?: HookedCall,
  ): Promise<HooksResult> {
    const hooks = this.#of(event, call?.toolName);
    if (hooks.length === 0) return pass;
    const input = { ...this.#options.facts, hook_event_name: event, ...fields };
    const answers = await Promise.all(hooks.map((hook) => this.#run(hook, input, call)));
    const verdict =
      (['deny', 'ask'] as const).find((each) => answers.some((one) => one.verdict === each)) ??
      'pass';
    const deciding = answers.filter((one) => one.verdict === verdict);
    return {
      verdict,
      reason: verdict === 'pass' ? '' : joined(deciding.map(({ reason }) => reason)),
      context: joined(answers.map(({ context }) => context)),
      stop: answers.find(({ stop }) => stop !== undefined)?.stop,
    };
  }

  #of(event: HookEvent, toolName: string | undefined): readonly Hook[] {
    const commands = new Set<string>();
    return this.#options.hooks.filter((hook) => {
      if (hook.event !== event || commands.has(hook.command)) return false;
      if (toolName !== undefined && !matchesTool(hook, toolName)) return false;
      commands.add(hook.command);
      return true;
    });
  }

  async #run(
    hook: Hook,
    input: Readonly<Record<string, unknown>>,
    call: HookedCall | undefined,
  ): Promise<HookAnswer> {
    const { report, run } = this.#options;
    const end = await run(hook, input);
    const answer = readAnswer(hook.event, end);
    const { notice, outcome, reason } = answer;
    await report({
      event: hook.event,
      command: hook.command,
      outcome,
      text: notice || reason,
      durationMs: Math.round(end.durationMs),
      ...(call !== undefined && { callId: call.callId }),
    });
    return answer;
  }
}

function joined(texts: readonly string[]): string {
  return texts.filter(Boolean).join('\n');
}
