import type { Responses } from 'openai/resources/responses/responses';
import { z } from 'zod';
import { lazily, type OutputOf } from '../lazily.ts';
import { inputItemSchema } from './input-items.ts';

/**
 * The body of `POST /v1/responses`. Loose: parameters of tomorrow pass.
 * Source: https://developers.openai.com/api/reference/resources/responses/methods/create
 */

const functionTool = lazily(() =>
  z.looseObject({
    type: z.literal('function'),
    name: z.string(),
    description: z.string().nullish(),
    parameters: z.record(z.string(), z.unknown()).nullish().describe('JSON Schema.'),
    strict: z.boolean().nullish(),
  }),
);

const customTool = lazily(() =>
  z.looseObject({
    type: z.literal('custom'),
    name: z.string(),
    description: z.string().nullish(),
    format: z
      .looseObject({
        type: z.enum(['text', 'grammar']),
        syntax: z.enum(['lark', 'regex']).nullish(),
        definition: z.string().nullish(),
      })
      .nullish(),
  }),
);

const namespaceTool = lazily(() =>
  z.looseObject({
    type: z.literal('namespace'),
    name: z.string(),
    description: z.string().nullish(),
    tools: z.array(z.discriminatedUnion('type', [functionTool(), customTool()])),
  }),
);

/** A tool that someone else defines: the provider runs it, or the caller knows it by its type. */
const typedTool = lazily(() => z.looseObject({ type: z.string() }));

const toolSchema = lazily(() =>
  z.union([functionTool(), customTool(), namespaceTool(), typedTool()]).meta({ title: 'Tool' }),
);
export type FunctionTool = OutputOf<typeof functionTool>;
export type CustomTool = OutputOf<typeof customTool>;
/** A tool whose shape is known by its type. */
export const knownToolSchemas = {
  function: functionTool,
  custom: customTool,
  namespace: namespaceTool,
};

const toolChoice = lazily(() =>
  z.union([
    z.enum(['none', 'auto', 'required']),
    z.looseObject({
      type: z.string(),
      name: z.string().nullish(),
      server_label: z.string().nullish(),
      mode: z.enum(['auto', 'required']).nullish(),
      tools: z
        .array(
          z.looseObject({
            type: z.string(),
            name: z.string().nullish(),
            server_label: z.string().nullish(),
          }),
        )
        .nullish(),
    }),
  ]),
);

const textFormat = lazily(() =>
  z.discriminatedUnion('type', [
    z.looseObject({ type: z.literal('text') }),
    z.looseObject({ type: z.literal('json_object') }),
    z.looseObject({
      type: z.literal('json_schema'),
      name: z.string(),
      description: z.string().nullish(),
      schema: z.record(z.string(), z.unknown()),
      strict: z.boolean().nullish(),
    }),
  ]),
);

const summary = lazily(() => z.enum(['auto', 'concise', 'detailed', 'none']).nullish());

export const requestSchema = lazily(() =>
  z
    .looseObject({
      model: z.string().describe('`provider/model`, an alias, or a group of the configuration.'),
      input: z.union([z.string(), z.array(inputItemSchema())]).nullish(),
      instructions: z.string().nullish(),
      tools: z.array(toolSchema()).nullish(),
      tool_choice: toolChoice().nullish(),
      parallel_tool_calls: z.boolean().nullish(),
      text: z
        .looseObject({
          format: textFormat().nullish(),
          verbosity: z.enum(['low', 'medium', 'high']).nullish(),
        })
        .nullish(),
      reasoning: z
        .looseObject({
          effort: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']).nullish(),
          summary: summary(),
          generate_summary: summary(),
        })
        .nullish(),
      include: z.array(z.string()).nullish(),
      max_output_tokens: z.int().positive().nullish(),
      temperature: z.number().min(0).max(2).nullish(),
      top_p: z.number().min(0).max(1).nullish(),
      top_logprobs: z.int().min(0).max(20).nullish(),
      stream: z.boolean().nullish(),
      store: z.boolean().nullish().describe('Kept by the gateway, not by the provider.'),
      previous_response_id: z.string().nullish(),
      conversation: z.union([z.string(), z.looseObject({ id: z.string() })]).nullish(),
      background: z.boolean().nullish(),
      metadata: z.record(z.string(), z.string()).nullish(),
      service_tier: z.string().nullish(),
      safety_identifier: z.string().nullish(),
      user: z.string().nullish(),
      prompt_cache_key: z.string().nullish(),
    })
    .meta({ title: 'CreateResponse' }),
);
export type ResponsesRequest = OutputOf<typeof requestSchema>;

/** The Response object as it is on the wire; `output_text` is made by the official client. */
export type ResponseObject = Omit<Responses.Response, 'output_text'>;
export type OutputItem = Responses.ResponseOutputItem;
export type OutputMessage = Responses.ResponseOutputMessage;
export type OutputText = Responses.ResponseOutputText;
export type Annotation = OutputText['annotations'][number];
/** One record of the stream; the event that only keeps the connection open is not in the types. */
export type StreamEvent =
  | Exclude<
      Responses.ResponseStreamEvent,
      | Responses.ResponseCreatedEvent
      | Responses.ResponseInProgressEvent
      | Responses.ResponseCompletedEvent
      | Responses.ResponseIncompleteEvent
      | Responses.ResponseFailedEvent
    >
  | {
      type:
        | 'response.created'
        | 'response.in_progress'
        | 'response.completed'
        | 'response.incomplete'
        | 'response.failed';
      response: ResponseObject;
      sequence_number: number;
    }
  | { type: 'keepalive'; sequence_number: number };
