import type { ExecuteRequest } from '@zeke/protocol/reaper';
import { type MessageInit, RpcError } from '@zeke/rpc';
import { followRun } from '../agent/follow-run.ts';
import type { AgentFlags } from '../commands/agent.ts';
import type { Context } from '../context.ts';
import { exitCodes, type SetExitCode } from '../exit-codes.ts';
import { openDaemon } from '../open-daemon.ts';
import { pipedText, withPiped } from '../piped-text.ts';

const microUsdPerUsd = 1_000_000;

/** `zeke agent`: has a task done, and tells what is done. */
export async function agent(
  context: Context,
  words: string,
  flags: AgentFlags,
  setExitCode: SetExitCode,
): Promise<void> {
  const piped = await pipedText(context);
  const instruction = withPiped(words, piped).trim();
  const isResumed = flags.continue === true || flags.resume !== undefined;
  if (instruction === '' && !isResumed) {
    throw new RpcError(
      'invalid_argument',
      'nothing to do: say what, as in zeke agent "fix the failing test"',
    );
  }
  const request = { ...runRequest(context, flags), instruction };
  await using client = await openDaemon(context, flags);
  if (isResumed) {
    const { session } = await client.session.resume({
      sessionId: flags.resume ?? '',
      cwd: context.cwd,
    });
    request.sessionId = session?.id ?? '';
  }
  if (flags.detach) {
    for await (const { sessionId } of client.agent.execute({ ...request, detached: true })) {
      context.output.line(sessionId);
      return;
    }
  }
  const end = await followRun(context, {
    client,
    updates: (signal) => client.agent.execute(request, { signal }),
    json: flags.json ?? false,
  });
  setExitCode(end.isCompleted ? exitCodes.ok : exitCodeOfEnd(end.reason));
}

/** What flags say of a run. Throws `invalid_argument` for numbers that are none. */
export function runRequest(
  { cwd, interactive }: Context,
  flags: Omit<AgentFlags, 'continue' | 'resume' | 'detach'>,
): { -readonly [Key in keyof MessageInit<ExecuteRequest>]: MessageInit<ExecuteRequest>[Key] } {
  const { agent: name, budgetUsd, maxSteps, mode, model, timeout, worktree } = flags;
  return {
    cwd,
    unattended: !interactive || flags.json === true,
    ...(model === undefined ? {} : { model }),
    ...(mode === undefined ? {} : { mode }),
    ...(name === undefined ? {} : { agent: name }),
    ...(worktree === undefined ? {} : { worktree }),
    ...(maxSteps === undefined ? {} : { maxSteps: whole('--max-steps', maxSteps) }),
    ...(timeout === undefined ? {} : { timeout: whole('--timeout', timeout) }),
    ...(budgetUsd === undefined
      ? {}
      : { budgetMicroUsd: Math.round(amount('--budget-usd', budgetUsd) * microUsdPerUsd) }),
  };
}

function whole(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 1_000_000) return value;
  throw new RpcError('invalid_argument', `${flag}: it is a whole number from 1 to 1000000`);
}

function amount(flag: string, text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 1_000_000) return value;
  throw new RpcError('invalid_argument', `${flag}: it is an amount of USD above 0`);
}

function exitCodeOfEnd(reason: string): (typeof exitCodes)[keyof typeof exitCodes] {
  return reason === 'canceled' ? exitCodes.interrupted : exitCodes.failure;
}
