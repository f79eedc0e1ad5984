import type { ToolCallPart } from '../../neutral/chat-request.ts';
import type { ChatResponse } from '../../neutral/chat-response.ts';
import { type ExactObject, jsonText, parseObject } from './exact-json.ts';
import { largestGroup } from './largest-group.ts';
import { callsOf, textOf } from './parts-of.ts';
import { voteFields } from './vote-fields.ts';

/** What a vote came to. */
export interface Vote<T> {
  /** Whose answer was taken, or the best-ranked of those who were with the majority. */
  readonly winner: T;
  /** JSON made of the fields of several answers; absent where an answer is taken as it is. */
  readonly text?: string;
}

/** Who takes part in a vote. */
export interface Voter {
  readonly response: ChatResponse;
}

/**
 * Takes what most of the answers say; they are given in the order of their rank, which decides a tie,
 * and there is at least one. First it is decided whether tools are called or something is said. Calls
 * are taken all from one answer: the names and arguments that most have. Of JSON objects each field
 * is voted on; `wantsJson` says that they were asked for, and then an answer that is none has no
 * vote. Other texts are compared without regard to case, white space and a mark at the end.
 */
export function vote<T extends Voter>(voters: readonly T[], wantsJson: boolean): Vote<T> {
  const agreed = largestGroup(voters, kindOf);
  const winner = agreed[0] as T;
  switch (kindOf(winner)) {
    case 'calls':
      return { winner: largestGroup(agreed, callsText)[0] ?? winner };
    case 'text':
      return voteOnTexts(agreed, winner, wantsJson);
    case 'other':
      return { winner };
  }
}

/** Whether the answer calls tools, says something, or does neither (a refusal, an image). */
export function kindOf({ response }: Voter): 'calls' | 'text' | 'other' {
  if (callsOf(response).length > 0) return 'calls';
  return textOf(response).trim() === '' ? 'other' : 'text';
}

function voteOnTexts<T extends Voter>(voters: readonly T[], best: T, wantsJson: boolean): Vote<T> {
  const read = voters.map((voter) => ({ voter, value: parseObject(textOf(voter.response)) }));
  const ballots = read.filter((each): each is Ballot<T> => each.value !== undefined);
  const isByField = wantsJson ? ballots.length > 0 : ballots.length === voters.length;
  if (!isByField) return { winner: largestGroup(voters, plainText)[0] ?? best };
  const result = voteFields(ballots.map(({ value }) => value));
  const same = jsonText(result, 'sorted');
  const whole = ballots.find(({ value }) => jsonText(value, 'sorted') === same);
  if (whole) return { winner: whole.voter };
  const keys = keysOf(result as ExactObject);
  const nearest = ballots.find(({ value }) => keysOf(value) === keys);
  return { winner: nearest?.voter ?? best, text: jsonText(result, 'as written') };
}

interface Ballot<T> {
  readonly voter: T;
  readonly value: ExactObject;
}

function keysOf(value: ExactObject): string {
  return JSON.stringify(Object.keys(value).sort());
}

function plainText({ response }: Voter): string {
  return textOf(response)
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/\s+/g, ' ')
    .trim()
    .replace(/[.!]+$/, '');
}

function callsText({ response }: Voter): string {
  return JSON.stringify(callsOf(response).map((call) => [call.name, argumentsText(call)]));
}

function argumentsText({ arguments: text }: ToolCallPart): string {
  const value = parseObject(text);
  return value === undefined ? text : jsonText(value, 'sorted');
}
