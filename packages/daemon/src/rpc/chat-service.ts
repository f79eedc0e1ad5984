import { type ChatMessage, type ChatRequest, openProject } from '@zeke/assistant';
import type { ChatHandlers, SendRequest } from '@zeke/protocol/reaper';
import { RpcError } from '@zeke/rpc';
import type { AgentServiceOptions } from './agent-service.ts';
import { questionOf } from './question-messages.ts';
import { usageOf } from './step-update.ts';

const roles = ['user', 'assistant', 'system'] as const;

/** `reaper.Chat` */
export function chatService({ assistant, settings }: AgentServiceOptions): ChatHandlers {
  return {
    async *send(request, { signal }) {
      const { chat } = await assistant();
      const { assistant: defaults, rpc } = settings();
      const model = request.model || defaults.model;
      const asked = { ...(await chatRequest(request)), model, timeoutMs: rpc.chatTimeoutMs };
      for await (const update of chat.send(asked, signal)) {
        const { activity = '', delta, done, finishReason = '', reasoning = '' } = update;
        const { question, usage } = update;
        yield {
          delta,
          done,
          reasoning,
          activity,
          sessionId: update.sessionId,
          ...(question === undefined ? {} : { question: questionOf(question) }),
          ...(usage === undefined ? {} : { usage: usageOf(usage) }),
          ...(done ? { model, finishReason } : {}),
        };
      }
    },
  };
}

async function chatRequest({
  attended,
  cwd,
  maxTokens,
  messages,
  sessionId,
  title,
}: SendRequest): Promise<Omit<ChatRequest, 'model'>> {
  return {
    messages: messages.map(messageOf),
    isAttended: attended,
    ...(title === '' ? {} : { title }),
    ...(sessionId === '' ? {} : { sessionId }),
    ...(maxTokens === 0 ? {} : { maxTokens }),
    ...(cwd === '' ? {} : { place: { project: await openProject(cwd), cwd } }),
  };
}

function messageOf({ content, role }: SendRequest['messages'][number], index: number): ChatMessage {
  const known = roles.find((each) => each === role);
  if (known !== undefined) return { role: known, content };
  const message = `messages[${index}].role: ${JSON.stringify(role)} is not user, assistant or system`;
  throw new RpcError('invalid_argument', message);
}
