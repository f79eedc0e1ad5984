import { RpcError } from '@zeke/rpc';
import type { Action } from '../permissions/action.ts';
import type { ToolPlace } from '../tools/tool.ts';
import type { ApprovalAnswer, Approvals } from './approvals.ts';
import { beforeCall, type HookStop, stopOf } from './call-hooks.ts';
import type { Verdict } from './permission-judge.ts';
import type { PreparedCall } from './prepare-call.ts';
import type { RunParts } from './run-parts.ts';

/** Whether a call may run; if not, what the model is told. */
export type CallDecision =
  | { readonly kind: 'run'; readonly actions: readonly Action[] }
  | {
      readonly kind: 'failed' | 'denied';
      readonly text: string;
      /** The run ends with it. */
      readonly stop?: HookStop | undefined;
    };

/**
 * Asks the rules, and where they say so the user, whether a call may run. What was asked and answered is
 * in the session before the call goes on. Throws `canceled`.
 */
export async function decideCall(
  call: PreparedCall,
  parts: RunParts,
  approvals: Approvals,
): Promise<CallDecision> {
  const { part, title, runnable, fault } = call;
  if (runnable === undefined) return { kind: 'failed', text: fault };
  const { tool, input } = runnable;
  const { judge, lease, channel, onAsk } = parts;
  const place = placeOf(parts);
  let actions: readonly Action[];
  let verdict: Verdict;
  try {
    actions = await tool.actions(input, place);
    verdict = await judge.judge(tool.name, actions);
  } catch (error) {
    const failure = RpcError.from(error);
    if (failure.code === 'canceled') throw failure;
    return { kind: 'failed', text: failure.message };
  }
  if (verdict.verdict === 'deny') return denied(`It is not allowed: ${verdict.reason}.`);
  const hooked = await beforeCall(call, parts);
  if (parts.signal.aborted) throw new RpcError('canceled', 'the run was canceled');
  const stop = stopOf(hooked);
  if (hooked.verdict === 'deny' || stop !== undefined) {
    const why = hooked.reason || (hooked.stop ?? '');
    return { ...denied(`A hook does not allow it: ${why}.`), stop };
  }
  const asks = verdict.verdict === 'ask' || hooked.verdict === 'ask';
  if (!asks) return { kind: 'run', actions };
  const reasons = [verdict.verdict === 'ask' ? verdict.reason : '', hooked.reason];
  const reason = reasons.filter(Boolean).join('; ');
  const approvalId = crypto.randomUUID();
  const answer = onAsk === 'deny' ? nobody : await ask();
  const { decision, by } = answer;
  await lease.append({ kind: 'approval', approvalId, callId: part.id, decision, by });
  if (by !== 'policy') await channel.send({ type: 'approval-answered', approvalId, decision });
  if (decision === 'deny') return denied(denial(answer, reason));
  await judge.remember(decision, verdict.remembers);
  return { kind: 'run', actions };

  async function ask(): Promise<ApprovalAnswer> {
    const changes = (await tool.preview?.(input, place)) ?? [];
    // The question is open before it is told, since the answer may come at once.
    const answered = approvals.ask(approvalId, parts.approvalTimeoutMs, parts.signal);
    answered.catch(() => {});
    const callId = part.id;
    void parts.hooks.at('Notification', { message: `${title}: ${reason}` }).catch(() => {});
    await channel.send({ type: 'approval', approvalId, callId, title, reason, actions, changes });
    return await answered;
  }
}

const nobody: ApprovalAnswer = { decision: 'deny', by: 'policy' };

/** Where a run's calls happen. */
export function placeOf({ project, cwd, lease }: RunParts): ToolPlace {
  return { project, cwd, sessionId: lease.sessionId };
}

function denied(text: string): Extract<CallDecision, { text: string }> {
  return {
    kind: 'denied',
    text: `${text} Do not try to get the same in another way: do without, or say what you need.`,
  };
}

function denial({ by, message }: ApprovalAnswer, reason: string): string {
  if (by === 'policy')
    return `It needs the user's word (${reason}), and nobody is there to give it.`;
  if (by === 'timeout') return `It needs the user's word (${reason}), and nobody answered in time.`;
  return message === undefined || message.trim() === ''
    ? 'The user said no.'
    : `The user said no: ${message.trim()}.`;
}
