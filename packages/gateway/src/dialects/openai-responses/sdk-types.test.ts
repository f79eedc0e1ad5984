import { expect, test } from 'bun:test';
import type { Responses } from 'openai/resources/responses/responses';
import type { z } from 'zod';
import { decodeRequest } from './decode-request.ts';
import type { requestSchema, StreamEvent } from './types.ts';

/** Compile-time: fails where the first type is not assignable to the second. */
type Assignable<From extends To, To> = From;

/**
 * The encoder's records are typed by the SDK's own (`StreamRecord`), but for those that hold a
 * Response: ours leaves out what only the client adds.
 */
type Lifecycle = Extract<StreamEvent, { response: unknown }>['response'];
type _Lifecycle = Assignable<Lifecycle & { output_text: string }, Responses.Response>;
type _Back = Assignable<Responses.Response, Lifecycle>;
type _Names = Assignable<Responses.ResponseStreamEvent['type'], StreamEvent['type']>;

/** What the SDK lets a caller write, our schema takes; its interfaces have no index signature. */
type Flat =
  | 'model'
  | 'instructions'
  | 'parallel_tool_calls'
  | 'include'
  | 'max_output_tokens'
  | 'temperature'
  | 'top_p'
  | 'top_logprobs'
  | 'store'
  | 'previous_response_id'
  | 'background'
  | 'metadata'
  | 'service_tier'
  | 'safety_identifier'
  | 'prompt_cache_key';
type Given<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };
type _Request = Assignable<
  Given<Pick<Responses.ResponseCreateParams, Flat>>,
  Given<Pick<z.input<ReturnType<typeof requestSchema>>, Flat>>
>;

/** Each is typed by the SDK, so that a change of its types is a change here. */
const params: Responses.ResponseCreateParams[] = [
  { model: 'm', input: 'hi', stream: true, stream_options: { include_obfuscation: false } },
  {
    model: 'm',
    input: [
      { role: 'user', content: 'easy' },
      { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'd' }] },
      {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        status: 'completed',
        content: [
          {
            type: 'output_text',
            text: 'a',
            annotations: [
              { type: 'file_citation', file_id: 'f', filename: 'n', index: 0 },
              { type: 'url_citation', url: 'u', title: 't', start_index: 0, end_index: 1 },
            ],
          },
          { type: 'refusal', refusal: 'no' },
        ],
      },
      { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'e' },
      { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}', namespace: 'n' },
      {
        type: 'function_call_output',
        call_id: 'c',
        output: [{ type: 'input_file', file_data: 'aGk=', filename: 'a.pdf' }],
      },
      { type: 'custom_tool_call', call_id: 'd', name: 'p', input: 'x' },
      { type: 'custom_tool_call_output', call_id: 'd', output: 'ok' },
      {
        type: 'shell_call',
        call_id: 's',
        action: { commands: ['ls'], timeout_ms: 5 },
      },
      {
        type: 'shell_call_output',
        call_id: 's',
        output: [{ stdout: 'a', stderr: '', outcome: { type: 'exit', exit_code: 0 } }],
      },
      { type: 'mcp_list_tools', id: 'mcpl_1', server_label: 's', tools: [] },
    ],
    tools: [
      { type: 'function', name: 'f', parameters: null, strict: null },
      { type: 'custom', name: 'p', format: { type: 'text' } },
      { type: 'namespace', name: 'n', description: 'd', tools: [{ type: 'function', name: 'g' }] },
      { type: 'web_search', filters: { allowed_domains: ['a.test'] } },
      { type: 'mcp', server_label: 's', server_url: 'https://a.test' },
      { type: 'local_shell' },
      { type: 'shell' },
      { type: 'apply_patch' },
      { type: 'tool_search', execution: 'client' },
      { type: 'code_interpreter', container: { type: 'auto' } },
    ],
    tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }] },
    reasoning: { effort: 'xhigh', summary: 'detailed', context: 'auto' },
    text: { verbosity: 'high', format: { type: 'json_object' } },
    include: ['reasoning.encrypted_content', 'message.output_text.logprobs'],
    metadata: { a: 'b' },
    prompt_cache_options: { mode: 'explicit', ttl: '12h' },
    service_tier: 'ultrafast',
    truncation: 'auto',
    top_logprobs: 2,
    max_tool_calls: null,
  },
];

test("what the official client's types allow is taken", () => {
  for (const body of params) {
    expect(decodeRequest(JSON.parse(JSON.stringify(body)), {}).model).toBe('m');
  }
});
