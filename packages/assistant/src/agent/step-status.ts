import type { AgentStatus } from './agent-event.ts';
import type { PreparedCall } from './prepare-call.ts';

/** Commands that look whether something works, by their words. */
const checking =
  /\b(tests?|spec|check|lint|build|compile|typecheck|tsc|pytest|jest|vitest|verify|diff|status)\b/i;

/**
 * What a run is at, seen from what it does: planning until the first change, executing while calls change
 * something, verifying when it looks at what it has changed.
 */
export class StepStatus {
  #hasChanged = false;

  /** Before it is known what the next answer calls for. */
  get current(): AgentStatus {
    return this.#hasChanged ? 'verifying' : 'planning';
  }

  /** Of a step with these calls. */
  before(calls: readonly PreparedCall[]): AgentStatus {
    return calls.every(isLook) ? this.current : 'executing';
  }

  after(hasChanged: boolean): void {
    this.#hasChanged ||= hasChanged;
  }
}

function isLook({ runnable, title }: PreparedCall): boolean {
  if (runnable === undefined || runnable.tool.isReadOnly) return true;
  return runnable.tool.name === 'shell' && checking.test(title);
}
