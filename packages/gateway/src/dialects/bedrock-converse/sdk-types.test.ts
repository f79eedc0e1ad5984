import { expect, test } from 'bun:test';
import type {
  ConverseRequest as SdkRequest,
  ConverseResponse as SdkResponse,
} from '@aws-sdk/client-bedrock-runtime';
import { type ConverseAnswer, type ConverseBody, converseRequest } from './types.ts';

/** A type of the SDK as it stands on the wire: bytes are base64, documents are JSON. */
type Wire<T> = T extends Uint8Array
  ? string
  : T extends readonly (infer Item)[]
    ? Wire<Item>[]
    : T extends object
      ? { [Key in keyof T]: Key extends DocumentKey ? unknown : Wire<T[Key]> }
      : T;
/** Members whose value is any JSON (Smithy's documents). */
type DocumentKey = 'input' | 'json' | 'additionalModelRequestFields' | 'location';

type Same<Ours, Theirs> = Ours extends Theirs ? true : { ours: Ours; theirs: Theirs };

test('what is encoded is of the types of the SDK', () => {
  const messages: Same<ConverseBody['messages'], Wire<SdkRequest['messages']>> = true;
  const system: Same<ConverseBody['system'], Wire<SdkRequest['system']>> = true;
  const tools: Same<ConverseBody['toolConfig'], Wire<SdkRequest['toolConfig']>> = true;
  const inference: Same<
    ConverseBody['inferenceConfig'],
    Wire<SdkRequest['inferenceConfig']>
  > = true;
  const output: Same<ConverseBody['outputConfig'], Wire<SdkRequest['outputConfig']>> = true;
  const stopReason: Same<ConverseAnswer['stopReason'], SdkResponse['stopReason']> = true;
  const usage: Same<ConverseAnswer['usage'], Wire<SdkResponse['usage']>> = true;
  expect([messages, system, tools, inference, output, stopReason, usage]).not.toContain(false);
});

test('what the SDK can send is accepted', () => {
  const request = {
    modelId: 'm',
    messages: [
      { role: 'user', content: [{ text: 'hi' }, { cachePoint: { type: 'default', ttl: '1h' } }] },
      { role: 'assistant', content: [{ toolUse: { toolUseId: 'a', name: 'b', input: {} } }] },
    ],
    toolConfig: { tools: [{ systemTool: { name: 'nova_grounding' } }], toolChoice: { any: {} } },
    outputConfig: { effort: 'high' },
  } satisfies SdkRequest;
  expect(converseRequest().safeParse(request).success).toBe(true);
});
