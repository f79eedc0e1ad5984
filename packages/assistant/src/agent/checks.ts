import { cutText } from '../sessions/cut-text.ts';
import type { RunRequest } from './agent-options.ts';
import type { Approvals } from './approvals.ts';
import { prepareCall } from './prepare-call.ts';
import { CallRunner } from './run-calls.ts';
import type { RunParts } from './run-parts.ts';

/** How often failed checks are given back to the model before the run ends. */
const maxRounds = 3;
/** What the model is told of one failed check, in characters. */
const maxToldLength = 20_000;

/** Whether what the model says is done stands up to the project's checks. */
export type Checked =
  /** `note` is for the last message; empty where there was nothing to check. */
  | { readonly kind: 'passed' | 'failed'; readonly note: string }
  /** The model has another try; `text` is what it is told. */
  | { readonly kind: 'again'; readonly text: string };

/** The checks of a project, run when the model says that it is done and files have changed. */
export class Checks {
  readonly #parts: RunParts;
  readonly #approvals: Approvals;
  readonly #verify: NonNullable<RunRequest['verify']>;
  #rounds = 0;

  /** Commands are the user's own: nobody is asked before they run. */
  constructor(parts: RunParts, approvals: Approvals, verify: RunRequest['verify'] = []) {
    this.#parts = parts;
    this.#approvals = approvals;
    this.#verify = verify;
  }

  /** `changed` are paths relative to the project's root; `tell` is told what runs. */
  async run(
    step: number,
    changed: readonly string[],
    tell: (text: string) => Promise<void>,
  ): Promise<Checked> {
    const commands = this.#verify;
    if (changed.length === 0 || commands === 'by-caller') return { kind: 'passed', note: '' };
    const failures: string[] = [];
    for (const command of commands) {
      await tell(`checks: ${command}`);
      const failure = await this.#command(step, command);
      if (failure !== undefined) failures.push(failure);
    }
    const { options, project, signal } = this.#parts;
    const faults = await options.diagnostics?.(project, changed, signal);
    if (faults !== undefined) failures.push(`The language server finds:\n${faults}`);
    if (failures.length === 0) return { kind: 'passed', note: passedNote(commands) };
    await tell(`${failures.length} checks failed`);
    this.#rounds += 1;
    const told = failures.map((failure) => cutText(failure, maxToldLength)).join('\n\n');
    if (this.#rounds > maxRounds) {
      const note = `It is not done: checks still fail after ${maxRounds} more tries.\n\n${told}`;
      return { kind: 'failed', note };
    }
    return { kind: 'again', text: `You said that it is done, but checks fail. Mend it.\n${told}` };
  }

  /** What the model is told, where it fails. */
  async #command(step: number, command: string): Promise<string | undefined> {
    const id = `check_${crypto.randomUUID()}`;
    const call = prepareCall(
      { type: 'tool-call', id, name: 'shell', arguments: JSON.stringify({ command }) },
      this.#parts.registry,
    );
    const output = await new CallRunner(this.#parts, this.#approvals, step).runOwn(call);
    return output.isError === true ? `\`${command}\` failed:\n${output.text}` : undefined;
  }
}

function passedNote(commands: readonly string[]): string {
  return commands.length === 0 ? '' : `Checks passed: ${commands.join(', ')}.`;
}
