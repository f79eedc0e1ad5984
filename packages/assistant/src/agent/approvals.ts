import { RpcError } from '@zeke/rpc';
import type { Decision } from './agent-event.ts';

export interface ApprovalAnswer {
  readonly decision: Decision;
  readonly by: 'user' | 'timeout' | 'policy';
  /** Why not, for the model. */
  readonly message?: string;
}

/** Questions of a run that somebody has to answer. */
export class Approvals {
  readonly #open = new Map<string, (answer: ApprovalAnswer) => void>();

  /** Asks, and waits for `answer`; after `timeoutMs` it is a denial. Throws `canceled`. */
  async ask(
    approvalId: string,
    timeoutMs: number | undefined,
    signal: AbortSignal,
  ): Promise<ApprovalAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<ApprovalAnswer>();
    const onAbort = (): void => reject(new RpcError('canceled', 'the run was canceled'));
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => resolve({ decision: 'deny', by: 'timeout' }), timeoutMs);
    this.#open.set(approvalId, resolve);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#open.delete(approvalId);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** False where no such question is open: it was answered already, or its run has ended. */
  answer(approvalId: string, decision: Decision, message?: string): boolean {
    const resolve = this.#open.get(approvalId);
    this.#open.delete(approvalId);
    resolve?.({ decision, by: 'user', ...(message !== undefined && { message }) });
    return resolve !== undefined;
  }
}
