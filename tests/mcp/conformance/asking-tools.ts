import {
  acceptedContent,
  type CallToolResult,
  type ElicitRequestFormParams,
  type InputRequest,
  inputRequired,
} from '@modelcontextprotocol/server';
import type { ServedContext } from '@zeke/mcp';
import { type FixtureTool, text } from './fixture-tool.ts';

type FormSchema = ElicitRequestFormParams['requestedSchema'];

/** Tools that ask their caller, each by `ask` and so alike in both eras of the protocol. */
export const askingTools: Record<string, FixtureTool> = {
  test_sampling: {
    inputSchema: { type: 'object', properties: { prompt: { type: 'string' } } },
    call: async ({ prompt }, { ask }) => {
      const { answer } = await ask({ answer: completion(String(prompt)) });
      return text(`LLM response: ${textOf(answer)}`);
    },
  },
  test_elicitation: {
    inputSchema: { type: 'object', properties: { message: { type: 'string' } } },
    call: ({ message }, context) =>
      form(context, String(message), {
        type: 'object',
        properties: { response: { type: 'string', description: "User's response" } },
        required: ['response'],
      }),
  },
  test_elicitation_sep1034_defaults: {
    call: (_args, context) => form(context, 'Please review the defaults', defaultsSchema),
  },
  test_elicitation_sep1330_enums: {
    call: (_args, context) => form(context, 'Please select options', enumsSchema),
  },
  test_missing_capability: {
    call: async (_args, { ask }) => text(textOf((await ask({ a: completion('ping') })).a)),
  },
  test_input_required_result_elicitation: {
    call: async (_args, { ask }) => {
      for (;;) {
        const answers = await ask({ user_name: question('What is your name?', 'name') });
        const name = acceptedContent<{ name: string }>(answers, 'user_name')?.name;
        if (typeof name === 'string') return text(`Hello, ${name}!`);
      }
    },
  },
  test_input_required_result_sampling: {
    call: async (_args, { ask }) => {
      const key = 'capital_question';
      const answers = await ask({ [key]: completion('What is the capital of France?') });
      return text(`Sampling response: ${textOf(answers[key])}`);
    },
  },
  test_input_required_result_list_roots: {
    call: async (_args, { ask }) => {
      const { client_roots } = await ask({ client_roots: inputRequired.listRoots() });
      return text(rootsOf(client_roots).join(', '));
    },
  },
  test_input_required_result_request_state: {
    call: async (_args, { ask }) => {
      await ask({ confirm: confirmation });
      return text('state-ok: the state came back as it was given');
    },
  },
  test_input_required_result_tampered_state: {
    call: async (_args, { ask }) => {
      await ask({ confirm: confirmation });
      return text('integrity-ok: the state came back as it was given');
    },
  },
  test_input_required_result_multiple_inputs: {
    call: async (_args, { ask }) => {
      const answers = await ask({
        user_name: question('What is your name?', 'name'),
        greeting: completion('Generate a greeting'),
        client_roots: inputRequired.listRoots(),
      });
      const name = acceptedContent<{ name: string }>(answers, 'user_name')?.name;
      return text(`${textOf(answers.greeting)} ${name}: ${rootsOf(answers.client_roots)}`);
    },
  },
  test_input_required_result_multi_round: {
    call: async (_args, { ask }) => {
      const first = await ask({ step1: question('Step 1: What is your name?', 'name') });
      const second = await ask({
        step2: question('Step 2: What is your favorite color?', 'color'),
      });
      const name = acceptedContent<{ name: string }>(first, 'step1')?.name;
      return text(`${name} likes ${acceptedContent<{ color: string }>(second, 'step2')?.color}`);
    },
  },
  test_input_required_result_capabilities: {
    call: async (_args, { ask }) => {
      const requests: Record<string, InputRequest> = {
        user_name: question('What is your name?', 'name'),
        greeting: completion('Generate a greeting'),
        client_roots: inputRequired.listRoots(),
      };
      for (const [key, request] of Object.entries(requests)) {
        try {
          await ask({ [key]: request });
        } catch {
          // The client can't be asked this.
        }
      }
      return text('asked what could be asked');
    },
  },
};

const confirmation = inputRequired.elicit({
  message: 'Please confirm',
  requestedSchema: {
    type: 'object',
    properties: { ok: { type: 'boolean' } },
    required: ['ok'],
  },
});

const defaultsSchema: FormSchema = {
  type: 'object',
  properties: {
    name: { type: 'string', description: 'User name', default: 'John Doe' },
    age: { type: 'integer', description: 'User age', default: 30 },
    score: { type: 'number', description: 'User score', default: 95.5 },
    status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', description: 'Verification status', default: true },
  },
  required: [],
};

const enumsSchema: FormSchema = {
  type: 'object',
  properties: {
    untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
    titledSingle: {
      type: 'string',
      oneOf: [
        { const: 'value1', title: 'First Option' },
        { const: 'value2', title: 'Second Option' },
        { const: 'value3', title: 'Third Option' },
      ],
    },
    legacyEnum: {
      type: 'string',
      enum: ['opt1', 'opt2', 'opt3'],
      enumNames: ['Option One', 'Option Two', 'Option Three'],
    },
    untitledMulti: {
      type: 'array',
      minItems: 1,
      maxItems: 3,
      items: { type: 'string', enum: ['option1', 'option2', 'option3'] },
    },
    titledMulti: {
      type: 'array',
      minItems: 1,
      maxItems: 3,
      items: {
        anyOf: [
          { const: 'value1', title: 'First Choice' },
          { const: 'value2', title: 'Second Choice' },
          { const: 'value3', title: 'Third Choice' },
        ],
      },
    },
  },
  required: [],
};

async function form(
  { ask }: ServedContext,
  message: string,
  requestedSchema: FormSchema,
): Promise<CallToolResult> {
  const { form: answer } = await ask({ form: inputRequired.elicit({ message, requestedSchema }) });
  const { action, content } = answer as { action?: string; content?: unknown };
  return text(`User response: action=${action}, content=${JSON.stringify(content ?? {})}`);
}

function question(message: string, field: string): InputRequest {
  return inputRequired.elicit({
    message,
    requestedSchema: {
      type: 'object',
      properties: { [field]: { type: 'string' } },
      required: [field],
    },
  });
}

function completion(prompt: string): InputRequest {
  return inputRequired.createMessage({
    messages: [{ role: 'user', content: { type: 'text', text: prompt } }],
    maxTokens: 100,
  });
}

function textOf(answer: unknown): string {
  return String((answer as { content?: { text?: unknown } }).content?.text);
}

function rootsOf(answer: unknown): string[] {
  return (answer as { roots: { uri: string }[] }).roots.map(({ uri }) => uri);
}
