import { expect, test } from 'bun:test';
import type Anthropic from '@anthropic-ai/sdk';
import type { z } from 'zod';
import type {
  AnswerBlock,
  ErrorBody,
  MessageBody,
  ModelInfo,
  StreamEvent,
} from './response-types.ts';
import { type countTokensRequestSchema, messagesRequestSchema } from './types.ts';

/** Interfaces as plain object types: only those fit a type with an index signature. */
type Plain<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends (infer U)[]
    ? Plain<U>[]
    : { [K in keyof T]: Plain<T[K]> };

/** Fails to compile where `Given` does not fit `Wanted`. */
function fits<Wanted, _Given extends Wanted>(): boolean {
  return true;
}

test('the official types accept what we write', () => {
  const checks = [
    fits<Anthropic.Message, MessageBody>(),
    fits<Anthropic.ContentBlock, AnswerBlock>(),
    fits<Anthropic.RawMessageStreamEvent, Exclude<StreamEvent, ErrorBody>>(),
    fits<Anthropic.ModelInfo, ModelInfo>(),
  ];
  expect(checks).not.toContain(false);
});

test('our schemas accept what the official types let callers write', () => {
  const checks = [
    fits<z.input<ReturnType<typeof messagesRequestSchema>>, Plain<Anthropic.MessageCreateParams>>(),
    fits<
      z.input<ReturnType<typeof countTokensRequestSchema>>,
      Plain<Anthropic.MessageCountTokensParams>
    >(),
  ];
  expect(checks).not.toContain(false);
  const params: Anthropic.MessageCreateParams = {
    model: 'claude-opus-5-5',
    max_tokens: 1,
    system: 'Be short.',
    messages: [{ role: 'user', content: 'Hi' }],
    tools: [{ type: 'computer_toolset_20260801' }, { name: 'f', input_schema: { type: 'object' } }],
  };
  expect(messagesRequestSchema().safeParse(params).success).toBe(true);
});
