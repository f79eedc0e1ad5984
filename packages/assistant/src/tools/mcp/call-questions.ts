import type { McpAnswer, McpQuestion, Questions } from '@zeke/mcp';
import type { ToolContext, ToolOutput } from '../tool.ts';

interface Asking {
  readonly server: string;
  readonly context: ToolContext;
  /** How often nobody was there. */
  declined: number;
}

/**
 * Leads what the servers of a hub ask in the course of a call to the person for whom it is made. A server
 * does not say which call it asks for: where it could be that of somebody else, nobody is asked.
 */
export class CallQuestions {
  readonly #calls = new Map<string, Asking>();

  /** For `HubOptions.questions`. */
  readonly questions: Questions = { answer: (question, signal) => this.#answer(question, signal) };

  /** While `run` goes on, questions of the server in this call are its person's. */
  async during(
    server: string,
    context: ToolContext,
    run: () => Promise<ToolOutput>,
  ): Promise<ToolOutput> {
    const asking: Asking = { server, context, declined: 0 };
    const key = keyOf(context);
    this.#calls.set(key, asking);
    try {
      const output = await run();
      if (asking.declined === 0) return output;
      return { ...output, text: `${output.text}\n${nobodyThere(server)}` };
    } finally {
      this.#calls.delete(key);
    }
  }

  async #answer(question: McpQuestion, signal: AbortSignal): Promise<McpAnswer> {
    const { origin, server } = question;
    const asking = origin && this.#calls.get(keyOf(origin));
    if (asking === undefined) return { action: 'cancel' };
    const { person } = asking.context;
    for (const other of this.#calls.values()) {
      const isOurs = other.server !== server || other.context.person?.id === person?.id;
      if (!isOurs) return { action: 'cancel' };
    }
    const answer = (await person?.ask(question, signal)) ?? ({ action: 'decline' } as const);
    if (answer.action === 'decline') asking.declined += 1;
    return answer;
  }
}

function keyOf({ callId, sessionId }: { readonly callId: string; readonly sessionId: string }) {
  return JSON.stringify([sessionId, callId]);
}

/** For the model: else it would only see that the server could not go on. */
function nobodyThere(server: string): string {
  return `[The MCP server ${server} asked the user for something in this call, and it was declined: do without, or say what you need.]`;
}
