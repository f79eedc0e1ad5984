import { z } from 'zod';
import type { HookEnd, HookEvent, HookReport } from './hook.ts';

/** What a hook says is to happen. */
export interface HookAnswer {
  readonly outcome: HookReport['outcome'];
  /** `deny`: what the event is about does not happen. `ask`: a person is to be asked. */
  readonly verdict: 'pass' | 'ask' | 'deny';
  /** For the model where it is denied, for people where it is asked. */
  readonly reason: string;
  /** More for the model to know. */
  readonly context: string;
  /** For people. */
  readonly notice: string;
  /** The run is to end, for this reason. */
  readonly stop: string | undefined;
}

/** Of all that a hook says to the model, in characters. */
const maxTextLength = 10_000;

const answer = z.object({
  continue: z.boolean().optional(),
  stopReason: z.string().optional(),
  systemMessage: z.string().optional(),
  decision: z.string().optional(),
  reason: z.string().optional(),
  hookSpecificOutput: z
    .object({
      permissionDecision: z.string().optional(),
      permissionDecisionReason: z.string().optional(),
      additionalContext: z.string().optional(),
      updatedInput: z.unknown(),
    })
    .partial()
    .optional(),
});

/**
 * Reads how a hook ended, as Claude Code does: exit code 2 denies with what stands on standard error, 0 passes
 * with what JSON on standard output says, any other is a failure that stops nothing. A hook before a tool that
 * could not be run, or did not come to its end, has a person asked, since it may have been there to deny.
 */
export function readAnswer(event: HookEvent, end: HookEnd): HookAnswer {
  const { exitCode, fault, stderr, stdout } = end;
  if (fault !== '') return failed(fault, event === 'PreToolUse' ? 'ask' : 'pass');
  if (exitCode === 2) return blocked(stderr.trim() || stdout.trim() || 'a hook denies it');
  if (exitCode === 126 || exitCode === 127) {
    return failed(
      `it cannot be run: ${firstLine(stderr)}`,
      event === 'PreToolUse' ? 'ask' : 'pass',
    );
  }
  if (exitCode !== 0) return failed(`it ended with ${exitCode}: ${firstLine(stderr || stdout)}`);
  const said = stdout.trim();
  if (said.startsWith('{')) return readJson(said);
  // Plain words are for the model where a conversation begins, and for nobody elsewhere.
  const isHeard = event === 'SessionStart' || event === 'UserPromptSubmit';
  return { ...passed, context: isHeard ? cut(said) : '' };
}

const passed: HookAnswer = {
  outcome: 'ok',
  verdict: 'pass',
  reason: '',
  context: '',
  notice: '',
  stop: undefined,
};

function failed(notice: string, verdict: 'pass' | 'ask' = 'pass'): HookAnswer {
  return { ...passed, outcome: 'failed', verdict, reason: notice, notice };
}

function blocked(reason: string): HookAnswer {
  return { ...passed, outcome: 'blocked', verdict: 'deny', reason: cut(reason) };
}

function readJson(text: string): HookAnswer {
  const read = answer.safeParse(parseJson(text));
  if (!read.success) return failed('what it printed begins as JSON and is not its form');
  const { decision, hookSpecificOutput: own = {}, reason = '', systemMessage = '' } = read.data;
  const context = cut(own.additionalContext ?? '');
  const notices = [systemMessage, own.updatedInput === undefined ? '' : noUpdates];
  const notice = notices.filter(Boolean).join('; ');
  const stop =
    read.data.continue === false ? (read.data.stopReason ?? 'a hook ended it') : undefined;
  const shared = { context, notice, stop };
  const isDenied = decision === 'block' || decision === 'deny';
  if (isDenied || own.permissionDecision === 'deny') {
    const why = own.permissionDecisionReason || reason || 'a hook denies it';
    return { ...blocked(why), ...shared };
  }
  if (own.permissionDecision === 'ask') {
    const why = own.permissionDecisionReason || 'a hook asks';
    return { ...passed, ...shared, outcome: 'asked', verdict: 'ask', reason: cut(why) };
  }
  return { ...passed, ...shared };
}

const noUpdates = 'updatedInput has no effect: the call is the one that was judged';

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function cut(text: string): string {
  return text.length > maxTextLength ? `${text.slice(0, maxTextLength)}…` : text;
}

function firstLine(text: string): string {
  return (text.trim().split('\n', 1)[0] ?? '').slice(0, 500);
}
