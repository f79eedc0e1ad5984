import { expect, test } from 'bun:test';
import type OpenAI from 'openai';
import type { z } from 'zod';
import type { completionRequest, textCompletionOf } from './completions.ts';
import type { embeddingListOf, embeddingRequest } from './embeddings.ts';
import type { ModelObject } from './models.ts';
import type {
  ChatCompletion,
  ChatCompletionChunk,
  CompletionUsage,
  chatCompletionRequest,
  ErrorBody,
} from './types.ts';

/** An interface of the SDK as the object type it describes, which index signatures accept. */
type Plain<T> = T extends string
  ? T
  : T extends readonly (infer Item)[]
    ? Plain<Item>[]
    : T extends object
      ? { [Key in keyof T]: Plain<T[Key]> }
      : T;

type Fits<Ours, Theirs> = [Ours] extends [Theirs] ? true : { ours: Ours; theirs: Theirs };

test('what is encoded is of the types of the SDK', () => {
  const completion: Fits<ChatCompletion, OpenAI.ChatCompletion> = true;
  const chunk: Fits<ChatCompletionChunk, OpenAI.ChatCompletionChunk> = true;
  const usage: Fits<CompletionUsage, OpenAI.CompletionUsage> = true;
  const text: Fits<ReturnType<typeof textCompletionOf>, OpenAI.Completion> = true;
  const model: Fits<ModelObject, OpenAI.Model> = true;
  const vectors: Fits<
    Omit<ReturnType<typeof embeddingListOf>, 'data'>,
    Omit<OpenAI.CreateEmbeddingResponse, 'data'>
  > = true;
  const error: Fits<keyof ErrorBody['error'], 'message' | keyof OpenAI.ErrorObject> = true;
  expect([completion, chunk, usage, text, model, vectors, error]).not.toContain(false);
});

test('what the SDK can send is accepted', () => {
  const chat: Fits<
    Plain<OpenAI.ChatCompletionCreateParams>,
    z.input<ReturnType<typeof chatCompletionRequest>>
  > = true;
  const text: Fits<
    Plain<OpenAI.CompletionCreateParams>,
    z.input<ReturnType<typeof completionRequest>>
  > = true;
  const vectors: Fits<
    Plain<OpenAI.EmbeddingCreateParams>,
    z.input<ReturnType<typeof embeddingRequest>>
  > = true;
  expect([chat, text, vectors]).not.toContain(false);
});
