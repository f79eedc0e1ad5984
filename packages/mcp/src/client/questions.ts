import type {
  Client,
  ClientCapabilities,
  CreateMessageRequest,
  CreateMessageResult,
  ElicitRequest,
} from '@modelcontextprotocol/client';
import { RpcError } from '@zeke/rpc';
import { words } from './hub-error.ts';
import { maxQuestionsPerCall } from './limits.ts';
import {
  type FormContent,
  formContent,
  type QuestionField,
  questionFields,
} from './question-form.ts';

/** How long a person may take to answer, in milliseconds; then the question counts as canceled. */
export const maxQuestionMs = 10 * 60_000;
/** The longest address that a person is sent to, in characters. */
const maxUrlChars = 4_096;

/** Whose call a question belongs to, in the words of who called. */
export interface CallOrigin {
  readonly sessionId: string;
  readonly callId: string;
}

/** What a server asks a person in the course of a call. */
export type McpQuestion = {
  readonly server: string;
  /** The server's words: shown as such, never followed. */
  readonly message: string;
  readonly origin?: CallOrigin;
} & (
  | {
      readonly kind: 'form';
      /** JSON Schema of a flat object, as the protocol restricts it. */
      readonly schema: Readonly<Record<string, unknown>>;
      /** The same, read. */
      readonly fields: readonly QuestionField[];
      /** Throws `invalid_argument` that names the field at fault. */
      readonly check: (content: unknown) => FormContent;
    }
  /** To be opened in the person's browser, after they have agreed: http or https, without credentials. */
  | { readonly kind: 'url'; readonly url: string }
);

export type McpAnswer =
  | {
      readonly action: 'accept';
      /** Of a form. */
      readonly content?: FormContent;
    }
  | { readonly action: 'decline' | 'cancel' };

/** A server's wish that a model of ours answers for it. */
export interface McpSampling {
  readonly server: string;
  readonly request: CreateMessageRequest['params'];
  readonly origin?: CallOrigin;
}

/** What servers can ask. They are told of what is there; without it they are told that nobody can be asked. */
export interface Questions {
  readonly answer?: (question: McpQuestion, signal: AbortSignal) => Promise<McpAnswer>;
  readonly sample?: (sampling: McpSampling, signal: AbortSignal) => Promise<CreateMessageResult>;
}

/** A call that is under way, which a question can belong to. */
export interface AskingCall {
  readonly origin?: CallOrigin;
  readonly deadline: { pause(): void; resume(): void };
  questions: number;
}

export interface QuestionsOptions extends Questions {
  readonly server: string;
  /** The project's root, which servers may ask for. */
  readonly root?: { readonly uri: string; readonly name: string };
  /** The last of those under way: questions of servers name no call. */
  readonly currentCall: () => AskingCall | undefined;
}

/** What this client tells a server that it can. */
export function questionCapabilities({
  answer,
  root,
  sample,
}: QuestionsOptions): ClientCapabilities {
  return {
    ...(answer === undefined ? {} : { elicitation: { form: { applyDefaults: true }, url: {} } }),
    ...(sample === undefined ? {} : { sampling: {} }),
    ...(root === undefined ? {} : { roots: {} }),
  };
}

/** Lets a client answer questions. One that belongs to no call is canceled: nobody would know what it is about. */
export function answerQuestions(client: Client, options: QuestionsOptions): void {
  const { answer, root, sample, server } = options;
  if (root !== undefined) {
    client.setRequestHandler('roots/list', () => ({ roots: [root] }));
  }
  if (answer !== undefined) {
    client.setRequestHandler('elicitation/create', ({ params }, { mcpReq }) =>
      during(options, mcpReq.signal, { action: 'cancel' }, async (call, signal) => {
        const question = questionOf(server, params, call);
        if (question === undefined) return { action: 'decline' };
        return checked(question, await answer(question, signal));
      }),
    );
  }
  if (sample !== undefined) {
    client.setRequestHandler('sampling/createMessage', ({ params }, { mcpReq }) =>
      during(options, mcpReq.signal, undefined, async (call, signal) =>
        sample({ server, request: params, ...originOf(call) }, signal),
      ),
    );
  }
}

/** While a question is open the call's time stands still. */
async function during<Answer>(
  { currentCall, server }: QuestionsOptions,
  signal: AbortSignal,
  otherwise: Answer | undefined,
  ask: (call: AskingCall, signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const call = currentCall();
  if (call === undefined || call.questions >= maxQuestionsPerCall) {
    if (otherwise !== undefined) return otherwise;
    throw new RpcError('failed_precondition', `MCP server ${server} asks outside of a call`);
  }
  call.questions += 1;
  call.deadline.pause();
  const late = AbortSignal.timeout(maxQuestionMs);
  try {
    return await ask(call, AbortSignal.any([signal, late]));
  } catch (error) {
    if (late.aborted && otherwise !== undefined) return otherwise;
    throw error;
  } finally {
    call.deadline.resume();
  }
}

function questionOf(
  server: string,
  params: ElicitRequest['params'],
  call: AskingCall,
): McpQuestion | undefined {
  const base = { server, message: words(params.message), ...originOf(call) };
  if (params.mode === 'url') {
    const url = shownUrl(params.url);
    return url === undefined ? undefined : { ...base, kind: 'url', url };
  }
  const schema = params.requestedSchema;
  try {
    const fields = questionFields(schema);
    const check = (content: unknown): FormContent => formContent(fields, content);
    return { ...base, kind: 'form', schema, fields, check };
  } catch {
    return undefined;
  }
}

/** An address as it is shown to people. Only what a browser shows: others could start programs, or mislead. */
export function shownUrl(text: string): string | undefined {
  const url = text.length <= maxUrlChars && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return undefined;
  return url.username === '' && url.password === '' ? url.href : undefined;
}

/** What does not fit the form never reaches the server, whoever has answered. */
function checked(question: McpQuestion, answer: McpAnswer): McpAnswer {
  if (answer.action !== 'accept') return { action: answer.action };
  if (question.kind === 'url') return { action: 'accept' };
  try {
    return { action: 'accept', content: question.check(answer.content) };
  } catch {
    return { action: 'cancel' };
  }
}

function originOf({ origin }: AskingCall): { origin?: CallOrigin } {
  return origin === undefined ? {} : { origin };
}
