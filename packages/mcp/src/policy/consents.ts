import type { McpCaller } from '../server/served.ts';

/** What somebody is asked to allow. */
export interface ConsentQuestion {
  /** The rule that asks; `changed-tool` where a tool has another description. */
  readonly rule: string;
  readonly reason?: string;
  readonly caller: McpCaller;
  /** Of the call: the tool, or the resource. */
  readonly name: string;
  /**
   * What of the call the answer is for, for people and to tell questions apart; absent where it is for the
   * tool, whatever its arguments.
   */
  readonly detail?: string;
}

/**
 * Where people are asked, and answer: never who asks. The daemon fills it with the gateway's store, so that
 * `zeke consent` shows the questions of models and of tools alike.
 */
export interface Consents {
  /**
   * Asks, and waits for the answer, at most until the signal is aborted. An answer that holds for longer
   * than one call is found again by the same question.
   */
  request(
    question: ConsentQuestion,
    signal: AbortSignal,
  ): Promise<{ readonly answer: 'granted' | 'denied'; readonly id: string }>;
}

/** Nobody to ask: what needs consent is refused. */
export const nobodyToAsk: Consents = {
  request: async () => ({ answer: 'denied', id: '' }),
};
