import { expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import { apiErrorInfo } from '../neutral/api-error.ts';
import { lazily } from './lazily.ts';
import { parseRequest } from './parse-request.ts';

const part = z.union([
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('image'), url: z.string() }),
]);
const schema = lazily(() =>
  z.object({
    model: z.string(),
    messages: z.array(z.object({ content: z.union([z.string(), z.array(part)]) })),
  }),
);

test.each<[unknown, string | undefined, string]>([
  [7, undefined, 'the request body: expected object, received number'],
  [{ messages: [] }, 'model', 'model: is required (expected string)'],
  [
    { model: 'm', messages: [{ content: 7 }] },
    'messages[0].content',
    'messages[0].content: expected string, received number, or expected array, received number',
  ],
  [
    { model: 'm', messages: [{ content: [{ type: 'image', url: 7 }] }] },
    'messages[0].content[0].url',
    'messages[0].content[0].url: expected string, received number',
  ],
])('%j: %s', (body, param, message) => {
  try {
    parseRequest(schema, body);
    throw new Error('nothing was thrown');
  } catch (error) {
    expect(error).toBeInstanceOf(RpcError);
    expect((error as RpcError).code).toBe('invalid_argument');
    expect((error as RpcError).message).toBe(message);
    expect(apiErrorInfo(error as RpcError).param).toBe(param as string);
  }
});

test('what fits is given as the schema types it, and a path begins where the value stands', () => {
  const given = { model: 'm', messages: [] };
  expect(parseRequest(schema, given)).toEqual(given);
  expect(() => parseRequest(schema, {}, ['batch', 2])).toThrow('batch[2].model: is required');
});
