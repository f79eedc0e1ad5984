import type { McpAnswer, McpQuestion } from '@zeke/mcp';
import { RpcError } from '@zeke/rpc';

export interface QuestionOutcome {
  readonly answer: McpAnswer;
  readonly by: 'user' | 'timeout';
}

interface Open {
  readonly question: McpQuestion;
  readonly resolve: (outcome: QuestionOutcome) => void;
}

/** What MCP servers ask in the calls of runs, and nobody has answered yet. */
export class OpenQuestions {
  readonly #open = new Map<string, Open>();

  /** Asks, and waits for `answer`; after `timeoutMs` it counts as canceled. Throws `canceled`. */
  async ask(
    questionId: string,
    question: McpQuestion,
    timeoutMs: number | undefined,
    signal: AbortSignal,
  ): Promise<QuestionOutcome> {
    const { promise, resolve, reject } = Promise.withResolvers<QuestionOutcome>();
    const onAbort = (): void => reject(new RpcError('canceled', 'the question was canceled'));
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => resolve({ answer: { action: 'cancel' }, by: 'timeout' }), timeoutMs);
    this.#open.set(questionId, { question, resolve });
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#open.delete(questionId);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /**
   * False where no such question is open. Throws `invalid_argument` for content that is not what the form
   * asks for; the question stays open then.
   */
  answer(questionId: string, answer: McpAnswer): boolean {
    const open = this.#open.get(questionId);
    if (open === undefined) return false;
    const checked = checkedAnswer(open.question, answer);
    this.#open.delete(questionId);
    open.resolve({ answer: checked, by: 'user' });
    return true;
  }
}

function checkedAnswer(question: McpQuestion, answer: McpAnswer): McpAnswer {
  if (answer.action !== 'accept') return { action: answer.action };
  if (question.kind === 'url') return { action: 'accept' };
  return { action: 'accept', content: question.check(answer.content) };
}
