import {
  type ElicitResult,
  inputRequired,
  MissingRequiredClientCapabilityError,
} from '@modelcontextprotocol/server';
import type { AgentEvent, Decision } from '@zeke/assistant';
import type { ServedContext } from '@zeke/mcp';
import { z } from 'zod';
import type { ServedAssistantOptions } from './assistant-access.ts';

/** Of what a person is shown, in characters. */
const maxShownChars = 4_000;

type Approval = Extract<AgentEvent, { type: 'approval' }>;

/** How an approval was answered; `message` is for the model. */
export interface McpDecision {
  readonly decision: Decision;
  readonly message?: string;
}

/**
 * Has somebody decide about a call of a run that was begun over MCP: the client's person where the client
 * can ask one, else who answers `zeke consent`, as long as a call may wait for that. Throws when the run is
 * canceled.
 */
export async function decideOverMcp(
  approval: Approval,
  options: Pick<ServedAssistantOptions, 'consents' | 'config'>,
  context: ServedContext,
): Promise<McpDecision> {
  try {
    return await askClient(approval, context);
  } catch (error) {
    if (!MissingRequiredClientCapabilityError.isInstance(error)) throw error;
    return await askForConsent(approval, options, context);
  }
}

const answerSchema = z.object({
  decision: z.enum(['allow_once', 'allow_session', 'deny']).describe('This call; or all like it'),
});

async function askClient(approval: Approval, { ask }: ServedContext): Promise<McpDecision> {
  const message = `zeke's agent asks whether it may do this.\n${shown(approval)}`;
  const { approval: answer } = await ask({
    approval: inputRequired.elicit({ message, requestedSchema: answerSchema }),
  });
  const { action, content } = answer as ElicitResult;
  const parsed = answerSchema.safeParse(content);
  if (action === 'accept' && parsed.success) return parsed.data;
  return { decision: 'deny' };
}

async function askForConsent(
  approval: Approval,
  { config, consents }: Pick<ServedAssistantOptions, 'consents' | 'config'>,
  { caller, signal }: ServedContext,
): Promise<McpDecision> {
  const { consentTimeoutMs } = config().mcp.policy;
  const late = AbortSignal.timeout(consentTimeoutMs);
  const question = {
    rule: 'permissions',
    reason: approval.reason,
    caller,
    name: 'agent',
    detail: shown(approval),
  };
  try {
    const { answer } = await consents.request(question, AbortSignal.any([signal, late]));
    return { decision: answer === 'granted' ? 'allow_once' : 'deny' };
  } catch (error) {
    if (signal.aborted || !late.aborted) throw error;
    return { decision: 'deny', message: `nobody answered within ${consentTimeoutMs / 1_000} s` };
  }
}

/** The model's words are in it: no character that moves a cursor. */
function shown({ changes, reason, title }: Approval): string {
  const text = [title, `(${reason})`, ...changes.map(({ diff }) => diff)].join('\n');
  return text
    .replace(/[\p{Cc}\p{Cf}]/gu, (each) => (each === '\n' ? each : ' '))
    .slice(0, maxShownChars);
}
