import type { AgentEvent } from '@zeke/assistant';
import type { McpAnswer } from '@zeke/mcp';
import { QuestionAction, type QuestionAnswer, type QuestionAsked } from '@zeke/protocol/reaper';
import { type MessageInit, RpcError } from '@zeke/rpc';

/** The largest answer to a form, in characters of JSON. */
const maxContentChars = 200_000;

/** What an MCP server asks, as messages have it. */
export function questionOf(
  event: Extract<AgentEvent, { type: 'question' }>,
): MessageInit<QuestionAsked> {
  const { callId, fields, message, questionId, server, url = '' } = event;
  return {
    questionId,
    callId,
    server,
    message,
    url,
    fields: fields.map(({ default: preset, format = '', isRequired, options, ...field }) => ({
      ...field,
      format,
      required: isRequired,
      options: [...options],
      default: preset === undefined ? '' : JSON.stringify(preset),
    })),
  };
}

/** An answer as it came. Throws `invalid_argument` for what is none. */
export function answerOf({ action, content }: QuestionAnswer): McpAnswer {
  switch (action) {
    case QuestionAction.accept:
      return { action: 'accept', content: contentOf(content) };
    case QuestionAction.decline:
      return { action: 'decline' };
    case QuestionAction.cancel:
      return { action: 'cancel' };
    default:
      throw new RpcError('invalid_argument', 'action: say accept, decline or cancel');
  }
}

/** Whether it fits the form is checked by who asks. */
function contentOf(
  content: string,
): NonNullable<Extract<McpAnswer, { action: 'accept' }>['content']> {
  if (content === '') return {};
  try {
    const value: unknown = content.length > maxContentChars ? undefined : JSON.parse(content);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Told below, with what is no object.
  }
  throw new RpcError('invalid_argument', 'content: it is a JSON object, a value for each field');
}
