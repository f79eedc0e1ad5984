import { RpcError } from '@zeke/rpc';
import type {
  ModelClient,
  ModelMessage,
  ModelPart,
  ToolCallPart,
} from '../../model/model-client.ts';
import { contextPart } from '../context-part.ts';
import { applyCompaction } from './apply-compaction.ts';
import type { CompactionRecord } from './compaction-record.ts';
import { cutText } from './cut-text.ts';
import { type CompactionBudget, planCompaction } from './plan-compaction.ts';
import { usersWords } from './users-words.ts';
import { type Summary, writeSummary } from './write-summary.ts';

export interface CompactOptions {
  readonly client: ModelClient;
  readonly model: string;
  readonly budget: CompactionBudget;
  /** Tokens of what is sent beside the messages. */
  readonly otherTokens: number;
  /** Stands behind the summary: the plan, read afresh. */
  readonly extraParts: () => Promise<readonly ModelPart[]>;
  readonly sessionId?: string;
  readonly project?: string;
}

export interface Compacted {
  readonly messages: readonly ModelMessage[];
  /** What is in force now: the one handed in, a new one, or none. */
  readonly record: CompactionRecord | undefined;
  readonly isNew: boolean;
  readonly tokensBefore: number;
  readonly tokensAfter: number;
  readonly usage?: Summary['usage'];
  readonly notices: readonly string[];
}

/** An estimate on the safe side: what a token is at least in UTF-16 units, for lengths from tokens. */
const unitsPerToken = 3;
/** Of the room: the user's words, and the transcript that a summary is written from. */
const wordsShare = 0.25;
const transcriptShare = 0.7;
/** Calls told of where there is no summary, and the length of one. */
const maxToldCalls = 60;
const maxToldCall = 200;

/**
 * A conversation that fits its budget: as it is, with older results cut, or with its beginning replaced
 * by the model's summary and the user's own words. Where no summary can be had, a list of the calls that
 * were made stands in its place, and a notice says so. Throws only when it is canceled.
 */
export async function compact(
  messages: readonly ModelMessage[],
  record: CompactionRecord | undefined,
  options: CompactOptions,
  signal: AbortSignal,
): Promise<Compacted> {
  const { budget } = options;
  const sent = applyCompaction(messages, record);
  const inForce = sent === messages ? undefined : record;
  const tokensBefore = options.otherTokens + countAll(sent, budget);
  const plan = planCompaction(messages, record, budget);
  const same = { messages: sent, record: inForce, isNew: false, tokensBefore };
  if (plan.kind === 'none') return { ...same, tokensAfter: tokensBefore, notices: [] };
  if (plan.kind === 'stuck') {
    const isOver = countAll(sent, budget) > budget.maxTokens;
    const notices = isOver ? [tooLong(tokensBefore)] : [];
    return { ...same, tokensAfter: tokensBefore, notices };
  }
  const head =
    plan.kind === 'cut'
      ? { parts: inForce?.head[0]?.parts ?? [], notices: [] }
      : await headOf(messages, sent, plan.covers, options, signal);
  const next: CompactionRecord = {
    covers: plan.kind === 'cut' ? (inForce?.covers ?? 0) : plan.covers,
    head: head.parts.length === 0 ? [] : [{ role: 'user', parts: head.parts }],
    cutCallIds: plan.cutCallIds,
    tokensBefore,
    tokensAfter: 0,
  };
  const shorter = applyCompaction(messages, next);
  const tokensAfter = options.otherTokens + countAll(shorter, budget);
  return {
    messages: shorter,
    record: { ...next, tokensAfter },
    isNew: true,
    tokensBefore,
    tokensAfter,
    ...('usage' in head && head.usage !== undefined && { usage: head.usage }),
    notices: head.notices,
  };
}

function countAll(messages: readonly ModelMessage[], budget: CompactionBudget): number {
  return messages.reduce((sum, { parts }) => sum + budget.countParts(parts), 0);
}

interface Head {
  readonly parts: readonly ModelPart[];
  readonly usage?: Summary['usage'];
  readonly notices: readonly string[];
}

async function headOf(
  messages: readonly ModelMessage[],
  sent: readonly ModelMessage[],
  covers: number,
  options: CompactOptions,
  signal: AbortSignal,
): Promise<Head> {
  const { budget } = options;
  const kept = messages.length - covers;
  const replaced = sent.slice(0, sent.length - kept);
  const notices: string[] = [];
  const maxLength = Math.floor(budget.maxTokens * transcriptShare * unitsPerToken);
  const summary = await writeSummary(
    { ...options, messages: replaced, maxTranscriptLength: maxLength },
    signal,
  ).catch((error: unknown) => {
    if (signal.aborted) throw new RpcError('canceled', 'the compaction was canceled');
    notices.push(
      `The conversation was shortened without a summary, since none could be had: ${RpcError.from(error).message}`,
    );
    return undefined;
  });
  const told = summary?.text ?? toldCalls(messages.slice(0, covers));
  const maxWords = Math.floor(budget.maxTokens * wordsShare * unitsPerToken);
  const words = usersWords(messages.slice(0, covers), maxWords);
  if (words.cutCount > 0) {
    notices.push(`${words.cutCount} long messages of yours were cut in the middle to fit.`);
  }
  const parts = [
    contextPart({ kind: 'earlier-conversation', written: 'by-zeke' }, `${opening}\n\n${told}`),
    ...words.parts,
    ...(await options.extraParts()),
  ];
  return { parts, notices, ...(summary !== undefined && { usage: summary.usage }) };
}

const opening =
  'The beginning of this conversation was put away to make room. Notes of it follow; then all that the user said in it, word for word, in order; then the newest messages as they were. Read files again before you rely on what they held.';

/** What happened, as far as it can be said without a model. */
function toldCalls(messages: readonly ModelMessage[]): string {
  const calls = messages.flatMap(({ parts }) =>
    parts.filter((part): part is ToolCallPart => part.type === 'tool-call'),
  );
  const lines = calls
    .slice(-maxToldCalls)
    .map(({ name, arguments: json }) => `- ${name} ${cutText(json, maxToldCall, 0)}`);
  const left = calls.length - lines.length;
  const first = left > 0 ? [`- ${left} earlier calls`] : [];
  if (calls.length === 0) return 'There are no notes: no tool was called.';
  return ['There are no notes. These calls of tools were made:', ...first, ...lines].join('\n');
}

function tooLong(tokens: number): string {
  return `The conversation has about ${tokens} tokens, more than the model takes, and nothing in it can be shortened: begin a new session, or take a model with a larger window.`;
}
