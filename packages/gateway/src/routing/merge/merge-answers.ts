import type { MergeName } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { ChatRequest } from '../../neutral/chat-request.ts';
import type { ChatResponse } from '../../neutral/chat-response.ts';
import { readSynthesis, readVerdict, synthesisRequest, verdictRequest } from './judge.ts';
import { isFinished } from './parts-of.ts';
import { kindOf, type Voter, vote } from './vote.ts';

export interface MergeOptions<T extends Voter> {
  readonly kind: MergeName;
  /** What the caller asked for. */
  readonly request: ChatRequest;
  /** The best-ranked first, at least one. */
  readonly answers: readonly T[];
  /** Asks the judge. */
  readonly ask: (request: ChatRequest) => Promise<ChatResponse>;
}

/** One answer of several. */
export interface Merged<T> {
  /** How it came about; `fallback`: it is the best-ranked one. */
  readonly kind: MergeName | 'fallback';
  /** Whose answer it is; for a text of several, the best-ranked of those. */
  readonly winner: T;
  /** The answer's text, where it is not the winner's own. */
  readonly text?: string;
  /** Why it is a fallback. */
  readonly why?: string;
}

/**
 * Makes one answer of several. Those that were cut short count only where none is whole. Where tools
 * are called, a synthesis is a vote. A judge that fails, or says what it was not asked for, and an
 * answer that has nobody beside it, lead to the best-ranked answer. Never rejects.
 */
export async function mergeAnswers<T extends Voter>(options: MergeOptions<T>): Promise<Merged<T>> {
  const { kind, request } = options;
  const answers = standing(options.answers);
  const best = answers[0] as T;
  if (answers.length === 1) return { kind: 'fallback', winner: best, why: 'no other answer came' };
  const format = request.responseFormat?.type;
  const wantsJson = format === 'json' || format === 'json-schema';
  try {
    switch (kind) {
      case 'vote':
        return { kind, ...vote(answers, wantsJson) };
      case 'best':
        return await judged(options, answers);
      case 'synthesize':
        return await synthesized(options, answers, wantsJson);
    }
  } catch (reason) {
    const { code, message } = RpcError.from(reason);
    return { kind: 'fallback', winner: best, why: `the judge failed (${code}): ${message}` };
  }
}

function standing<T extends Voter>(answers: readonly T[]): readonly T[] {
  const finished = answers.filter(({ response }) => isFinished(response));
  return finished.length > 0 ? finished : answers;
}

async function judged<T extends Voter>(
  { ask, request }: MergeOptions<T>,
  answers: readonly T[],
): Promise<Merged<T>> {
  const responses = answers.map(({ response }) => response);
  const place = readVerdict(await ask(verdictRequest(request, responses)), answers.length);
  const winner = place === undefined ? undefined : answers[place];
  return winner === undefined ? notAsAsked(answers) : { kind: 'best', winner };
}

async function synthesized<T extends Voter>(
  { ask, request }: MergeOptions<T>,
  answers: readonly T[],
  wantsJson: boolean,
): Promise<Merged<T>> {
  const elected = vote(answers, wantsJson);
  if (kindOf(elected.winner) !== 'text') return { kind: 'vote', ...elected };
  const texts = answers.filter((answer) => kindOf(answer) === 'text');
  const responses = texts.map(({ response }) => response);
  const text = readSynthesis(await ask(synthesisRequest(request, responses)), wantsJson);
  const winner = texts[0];
  if (text === undefined || winner === undefined) return notAsAsked(answers);
  return { kind: 'synthesize', winner, text };
}

function notAsAsked<T>(answers: readonly T[]): Merged<T> {
  const why = 'the judge did not answer as it was asked to';
  return { kind: 'fallback', winner: answers[0] as T, why };
}
