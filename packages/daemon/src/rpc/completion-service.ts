import { dirname, isAbsolute, resolve } from 'node:path';
import type { Completion, CompletionOutcome, CompletionRequest } from '@zeke/assistant';
import {
  type CompleteRequest,
  type CompleteResponse,
  type CompletionHandlers,
  Outcome,
} from '@zeke/protocol/reaper';
import { type CallContext, type MessageInit, RpcError } from '@zeke/rpc';
import { mergeStreams } from '@zeke/rpc/streams';
import type { CompletionParts } from '../assistant/open-completion.ts';

/** Requests of one `CompleteMany`. */
const maxBatch = 100;

/** `reaper.Completion` */
export function completionService(completion: () => Promise<CompletionParts>): CompletionHandlers {
  const complete = async (request: CompleteRequest, { signal }: Pick<CallContext, 'signal'>) => {
    const parts = await completion();
    return responseOf(await parts.completer.complete(await requestOf(request, parts), signal));
  };
  return {
    complete,
    async *streamComplete(request, { signal }) {
      const parts = await completion();
      const asked = await requestOf(request, parts);
      for await (const answer of parts.completer.stream(asked, signal)) yield responseOf(answer);
    },
    async *completeMany({ requests }, context) {
      if (requests.length > maxBatch) {
        throw new RpcError('invalid_argument', `requests: there are more than ${maxBatch}`);
      }
      const answers = requests.map(async function* (request, index) {
        yield { index, response: await complete(request, context) };
      });
      for await (const { value } of mergeStreams(answers)) yield value;
    },
    async feedback({ id, outcome }) {
      (await completion()).completer.feedback(id, outcomeOf(outcome));
      return {};
    },
  };
}

async function requestOf(
  request: CompleteRequest,
  { projects }: CompletionParts,
): Promise<CompletionRequest> {
  const { context, cwd, explicit, language, localOnly, model, prefix, suffix } = request;
  if (cwd !== '' && !isAbsolute(cwd)) {
    throw new RpcError('invalid_argument', 'cwd: it is the absolute path of a folder');
  }
  if (cwd === '' && !isAbsolute(request.filePath)) {
    throw new RpcError('invalid_argument', 'file_path: it is absolute, or there is a cwd');
  }
  const filePath = resolve(cwd, request.filePath || 'untitled');
  return {
    project: await projects.of(cwd === '' ? dirname(filePath) : cwd),
    filePath,
    prefix,
    suffix,
    trigger: explicit ? 'explicit' : 'typing',
    localOnly,
    ...(language === '' ? {} : { language }),
    ...(model === '' ? {} : { model }),
    ...(context === undefined ? {} : { context }),
  };
}

function responseOf(answer: Completion): MessageInit<CompleteResponse> {
  const {
    completion,
    confidence,
    id,
    isDegraded,
    isLast,
    latencyMs,
    model = '',
    provider,
  } = answer;
  return {
    completion,
    confidence,
    provider,
    latencyMs: Math.round(latencyMs),
    id,
    source: answer.source,
    model,
    degraded: isDegraded,
    done: isLast,
  };
}

function outcomeOf(outcome: Outcome): CompletionOutcome {
  switch (outcome) {
    case Outcome.SHOWN:
      return 'shown';
    case Outcome.ACCEPTED:
      return 'accepted';
    case Outcome.REJECTED:
      return 'rejected';
    default:
      throw new RpcError('invalid_argument', 'outcome: say SHOWN, ACCEPTED or REJECTED');
  }
}
