import {
  answerText,
  anthropicRecords,
  anthropicWhole,
  openAiRecords,
  openAiWhole,
  refusals,
} from './answers.ts';
import { type ExpectedAnswer, expectedFrom } from './load/expected-answer.ts';
import type { ProbeResult } from './load/load-job.ts';
import type { RequestShape } from './requests.ts';

/**
 * What every answer must be, learned from two of them. `untouched` says that the emulator's bytes
 * must come through as they were; else the answer must say the same: status, text, end mark.
 * Throws when the answers are wrong.
 */
export function expectedAnswer(
  shape: RequestShape,
  untouched: boolean,
  one: ProbeResult,
  two: ProbeResult,
): ExpectedAnswer {
  const status = shape.behaviour === 'refused' ? 429 : 200;
  for (const found of [one, two]) {
    if (found.status !== status) {
      throw new Error(`status ${found.status} instead of ${status}: ${found.body.slice(0, 500)}`);
    }
  }
  if (untouched) {
    if (one.body !== emulated(shape)) throw unlike(emulated(shape), one.body);
  } else if (shape.behaviour === 'refused') checkRefusal(one.body);
  else if (textOf(shape, one.body) !== answerText) {
    throw new Error(`a wrong answer: ${one.body.slice(0, 500)}`);
  }
  return expectedFrom(status, one.body, two.body);
}

function emulated({ behaviour, dialect }: RequestShape): string {
  const openAi = dialect === 'openai';
  if (behaviour === 'refused') return refusals[dialect];
  if (behaviour === 'whole' || behaviour === 'raced') return openAi ? openAiWhole : anthropicWhole;
  return (openAi ? openAiRecords(true) : anthropicRecords()).join('');
}

function unlike(wanted: string, found: string): Error {
  let at = 0;
  while (wanted[at] === found[at]) at++;
  return new Error(`not the emulator's bytes from ${at} on: ${found.slice(at, at + 200)}`);
}

function checkRefusal(body: string): void {
  const { error } = JSON.parse(body) as { error?: { message?: unknown } };
  if (typeof error?.message !== 'string') throw new Error(`a 429 without an error: ${body}`);
}

interface AnswerPart {
  type?: string;
  choices?: { message?: { content: string }; delta?: { content?: string } }[];
  content?: { text: string }[];
  delta?: { text?: string };
}

/** The text of an answer. Throws when a stream has no end mark. */
function textOf({ behaviour, dialect }: RequestShape, body: string): string {
  if (behaviour === 'whole' || behaviour === 'raced') {
    const answer = JSON.parse(body) as AnswerPart;
    return answer.choices?.[0]?.message?.content ?? answer.content?.[0]?.text ?? '';
  }
  const data = body
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => line.slice('data: '.length));
  const last = dialect === 'openai' ? '[DONE]' : '"message_stop"';
  if (!data.at(-1)?.includes(last))
    throw new Error(`the stream lacks its end: ${body.slice(-300)}`);
  return data
    .filter((text) => text !== '[DONE]')
    .map((text) => JSON.parse(text) as AnswerPart)
    .map((part) => part.choices?.[0]?.delta?.content ?? part.delta?.text ?? '')
    .join('');
}
