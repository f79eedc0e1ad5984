import { isAbsolute } from 'node:path';
import {
  type Change,
  type ChangeText,
  commitMessage,
  type Finding,
  openProject,
  type ReadChangeOptions,
  type ReviewEvent,
  readChange,
  recentSubjects,
  review,
} from '@zeke/assistant';
import type { CommitHandlers, ReviewHandlers, ReviewRequest } from '@zeke/protocol/reaper';
import { RpcError } from '@zeke/rpc';
import type { AgentServiceOptions } from './agent-service.ts';
import { StepUpdates } from './step-update.ts';

const msPerSecond = 1_000;

/** `reaper.Review` */
export function reviewService({ assistant, settings }: AgentServiceOptions): ReviewHandlers {
  return {
    async *run(request, { signal }) {
      const parts = await assistant();
      const { assistant: defaults, rpc } = settings();
      const { budgetMicroUsd = defaults.budgetMicroUsd, maxSteps, timeout } = request;
      const cwd = checked(request.cwd);
      const project = await openProject(cwd);
      const { readGit } = parts;
      const { diff, messages } = await changeOf(request, { project, cwd, readGit }, signal);
      const intent = request.intent || messages;
      const events = review(
        parts.agent,
        {
          project,
          cwd,
          diff,
          subject: subjectOf(request),
          model: request.model || defaults.model,
          limits: {
            maxSteps: maxSteps || defaults.maxSteps,
            timeoutMs: timeout === 0 ? rpc.agentTimeoutMs : timeout * msPerSecond,
            ...(budgetMicroUsd === undefined ? {} : { budgetMicroUsd }),
          },
          ...(intent === '' ? {} : { intent }),
        },
        signal,
      );
      const updates = new StepUpdates();
      let sequence = 0;
      for await (const event of events) {
        sequence += 1;
        yield { update: updateOf(event, updates, sequence) };
      }
    },
  };
}

/** `reaper.Commit` */
export function commitService({ assistant, settings }: AgentServiceOptions): CommitHandlers {
  return {
    async propose({ cwd: given, hint, model }, { signal }) {
      const { model: client, readGit } = await assistant();
      const cwd = checked(given);
      const place = { project: await openProject(cwd), cwd, readGit };
      const { message, files } = await commitMessage(
        client,
        {
          ...place,
          model: model || settings().assistant.smallModel,
          subjects: await recentSubjects(place, signal),
          ...(hint === '' ? {} : { hint }),
        },
        signal,
      );
      return { message, files: [...files] };
    },
  };
}

async function changeOf(
  { change }: ReviewRequest,
  place: ReadChangeOptions,
  signal: AbortSignal,
): Promise<ChangeText> {
  if (change.case === 'patch') return { diff: checkedPatch(change.value), messages: '' };
  const kind = changeKind(change);
  const found = await readChange(kind, place, signal);
  if (found.diff.trim() !== '') return found;
  throw new RpcError('failed_precondition', `there is nothing to review: ${emptyBecause(kind)}`);
}

function checkedPatch(patch: string): string {
  if (/^(?:@@ |diff --git )/m.test(patch)) return patch;
  const what = patch.trim() === '' ? 'it is empty' : 'it is no unified diff';
  throw new RpcError(
    'invalid_argument',
    `patch: ${what}: as git diff prints it, or a pull request`,
  );
}

function emptyBecause(change: Change): string {
  if (change.kind === 'range') return `${change.range} changes nothing`;
  if (change.kind === 'staged') return 'nothing is staged; git add what is to be reviewed';
  return 'no file that git knows was changed since the last commit; git add new ones, or say a range, as main...HEAD';
}

/** For the title of the session. */
function subjectOf({ change }: ReviewRequest): string {
  if (change.case === 'range') return change.value;
  if (change.case === 'patch') return 'a patch';
  return change.case === 'staged' && change.value ? 'what is staged' : 'what is not committed';
}

function changeKind(change: ReviewRequest['change']): Change {
  if (change.case === 'range') return { kind: 'range', range: change.value };
  return { kind: change.case === 'staged' && change.value ? 'staged' : 'working-tree' };
}

function updateOf(event: ReviewEvent, updates: StepUpdates, sequence: number) {
  if (event.type === 'agent') {
    return { case: 'agent', value: updates.of(event.event, sequence) } as const;
  }
  const { dropped, findings, sessionId, summary } = event;
  const value = { summary, dropped, sessionId, findings: findings.map(findingOf) };
  return { case: 'result', value } as const;
}

function findingOf({ replacement, ...finding }: Finding) {
  return { ...finding, ...(replacement === undefined ? {} : { replacement }) };
}

function checked(cwd: string): string {
  if (isAbsolute(cwd)) return cwd;
  throw new RpcError('invalid_argument', 'cwd: it is the absolute path of a folder of a project');
}
