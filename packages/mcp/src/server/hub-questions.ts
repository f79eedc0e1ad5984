import {
  type CreateMessageResult,
  type ElicitResult,
  type InputRequest,
  inputRequired,
  MissingRequiredClientCapabilityError,
} from '@modelcontextprotocol/server';
import type { CallOrigin, McpAnswer, McpQuestion, Questions } from '../client/questions.ts';
import type { ServedContext } from './served.ts';

/**
 * Hands on what servers of the hub ask in the course of a call to who made the call over MCP. What belongs
 * to other calls goes to `others`, where there are such.
 */
export class HubQuestions {
  readonly #calls = new Map<string, { server: string; context: ServedContext }>();
  readonly #others: Questions;

  constructor(others: Questions = {}) {
    this.#others = others;
  }

  /** For `HubOptions.questions`. */
  readonly questions: Questions = {
    answer: async (question, signal) => {
      const context = this.#contextOf(question);
      if (context === 'unsure') return { action: 'cancel' };
      if (context) return await answered(context, question);
      return (await this.#others.answer?.(question, signal)) ?? { action: 'cancel' };
    },
    sample: async (sampling, signal) => {
      const context = this.#contextOf(sampling);
      if (context === 'unsure') throw new Error('calls of several callers are under way');
      if (context) {
        const { answer } = await context.ask({
          answer: inputRequired.createMessage(sampling.request),
        });
        return answer as CreateMessageResult;
      }
      if (this.#others.sample) return await this.#others.sample(sampling, signal);
      throw new Error('there is no model to ask in this call');
    },
  };

  /** While `run` goes on, questions of this origin are its caller's. */
  async during<Result>(
    server: string,
    context: ServedContext,
    run: (origin: CallOrigin) => Promise<Result>,
  ): Promise<Result> {
    const callId = crypto.randomUUID();
    this.#calls.set(callId, { server, context });
    try {
      return await run({ sessionId: context.caller.sessionId ?? context.caller.id, callId });
    } finally {
      this.#calls.delete(callId);
    }
  }

  /** A server does not say which call it asks for: where it could be another caller's, nobody is asked. */
  #contextOf({
    origin,
    server,
  }: Pick<McpQuestion, 'origin' | 'server'>): ServedContext | 'unsure' | undefined {
    const call = origin && this.#calls.get(origin.callId);
    if (!call) return undefined;
    const own = identityOf(call.context);
    for (const other of this.#calls.values()) {
      if (other.server === server && identityOf(other.context) !== own) return 'unsure';
    }
    return call.context;
  }
}

function identityOf({ caller }: ServedContext): string {
  return JSON.stringify([caller.id, caller.sessionId]);
}

async function answered(context: ServedContext, question: McpQuestion): Promise<McpAnswer> {
  try {
    const { answer } = await context.ask({ answer: requestOf(question) });
    return answerOf(answer as ElicitResult);
  } catch (error) {
    // The server can go on without, and its own caller's client is not to blame.
    if (MissingRequiredClientCapabilityError.isInstance(error)) return { action: 'decline' };
    throw error;
  }
}

/** The caller is told whose words it reads. */
function requestOf(question: McpQuestion): InputRequest {
  const message = `${question.server} asks: ${question.message}`;
  if (question.kind === 'url') return inputRequired.elicitUrl({ message, url: question.url });
  const requestedSchema = question.schema as Parameters<
    typeof inputRequired.elicit
  >[0]['requestedSchema'];
  return inputRequired.elicit({ message, requestedSchema });
}

function answerOf({ action, content }: ElicitResult): McpAnswer {
  if (action !== 'accept') return { action: action === 'decline' ? 'decline' : 'cancel' };
  return content === undefined ? { action } : { action, content };
}
