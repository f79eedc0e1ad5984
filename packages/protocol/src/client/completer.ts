import { type CallOptions, type MessageInit, RpcError } from '@zeke/rpc';
import type {
  CompleteRequest,
  CompleteResponse,
  CompletionClient,
} from '../gen/reaper/completion_pb.ts';

export interface CompleterOptions {
  /** Requests that go together at most. Default 10. */
  readonly batchSize?: number;
  /** How long the first of them waits for others, in milliseconds. Default 0: it does not. */
  readonly batchDelayMs?: number;
}

/**
 * A completion for somebody who types. Where the daemon cannot be reached, or does not answer in
 * time, it is empty and `degraded`; it rejects with `canceled` when its signal is aborted, and with
 * `invalid_argument` for a request that is none.
 */
export type Completer = (
  request: MessageInit<CompleteRequest>,
  options?: Pick<CallOptions, 'signal'>,
) => Promise<CompleteResponse>;

const defaultBatchSize = 10;

/** What one caller waits for. */
interface Waiting {
  readonly request: MessageInit<CompleteRequest>;
  readonly signal: AbortSignal | undefined;
  readonly answer: PromiseWithResolvers<CompleteResponse>;
}

/** Gathers requests, and asks for them together. */
export function completer(
  client: Pick<CompletionClient, 'complete' | 'completeMany'>,
  { batchDelayMs = 0, batchSize = defaultBatchSize }: CompleterOptions,
): Completer {
  let waiting: Waiting[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    const batch = waiting;
    waiting = [];
    void ask(client, batch);
  };
  return (request, { signal } = {}) => {
    if (signal?.aborted) return Promise.reject(canceled(signal.reason));
    const answer = Promise.withResolvers<CompleteResponse>();
    waiting.push({ request, signal, answer });
    if (waiting.length >= batchSize || batchDelayMs === 0) flush();
    else timer ??= setTimeout(flush, batchDelayMs);
    return answer.promise;
  };
}

/** Settles all that wait. */
async function ask(
  client: Pick<CompletionClient, 'complete' | 'completeMany'>,
  batch: readonly Waiting[],
): Promise<void> {
  const open = batch.filter(({ answer, signal }) => {
    if (signal?.aborted) answer.reject(canceled(signal.reason));
    return !signal?.aborted;
  });
  const [only] = open;
  if (only === undefined) return;
  if (open.length === 1) return await askAlone(client, only);
  for (const { answer, signal } of open) {
    signal?.addEventListener('abort', () => answer.reject(canceled(signal.reason)), { once: true });
  }
  try {
    const requests = open.map(({ request }) => request);
    for await (const { index, response } of client.completeMany({ requests })) {
      if (response !== undefined) open[index]?.answer.resolve(response);
    }
    for (const { answer } of open) answer.resolve(nothing());
  } catch (error) {
    for (const { answer } of open) settleFailed(answer, error);
  }
}

async function askAlone(
  client: Pick<CompletionClient, 'complete'>,
  { answer, request, signal }: Waiting,
): Promise<void> {
  try {
    answer.resolve(await client.complete(request, signal === undefined ? {} : { signal }));
  } catch (error) {
    settleFailed(answer, error);
  }
}

function settleFailed({ reject, resolve }: Waiting['answer'], error: unknown): void {
  const { code } = RpcError.from(error);
  if (code === 'canceled' || code === 'invalid_argument') reject(error);
  else resolve(nothing());
}

function nothing(): CompleteResponse {
  return {
    completion: '',
    confidence: 0,
    provider: '',
    latencyMs: 0,
    id: '',
    source: '',
    model: '',
    degraded: true,
    done: true,
  };
}

function canceled(cause: unknown): RpcError {
  return new RpcError('canceled', 'canceled', { cause });
}
