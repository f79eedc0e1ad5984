import type { Exemplar, Span, Tracer } from '@zeke/foundation';
import type { RpcError } from '@zeke/rpc';
import { dialects } from '../dialects/index.ts';
import type { AttemptOptions } from '../governance/attempt-record.ts';
import type { LedgerEntry } from '../governance/ledger.ts';
import type { AnswerListener } from '../http/chat-observer.ts';
import type { ChatEvent } from '../neutral/chat-event.ts';
import type { ChatRequest } from '../neutral/chat-request.ts';
import type { ChatResponse } from '../neutral/chat-response.ts';
import type { Usage } from '../neutral/usage.ts';
import { AnswerContent, inputMessages, outputMessages, systemInstructions } from './content.ts';
import { genAiOperation, genAiProvider } from './gen-ai-names.ts';
import { requestAttributes } from './request-attributes.ts';

/**
 * The client span of one attempt at a provider, by the conventions that `gen-ai-names.ts` names. It
 * hears the answer for what stands in it; prompts and answers are kept only where that is switched on.
 */
export class AttemptSpan implements AnswerListener {
  readonly span: Span;
  readonly #content: AnswerContent | undefined;
  readonly #reasons: string[] = [];

  constructor(tracer: Tracer, parent: Span, options: AttemptOptions, keepsContent: boolean) {
    const { attempt, candidate, operation, providerDialect, streamed } = options;
    const { model, provider } = candidate;
    const name = genAiOperation(operation, providerDialect);
    this.#content = keepsContent ? new AnswerContent() : undefined;
    this.span = tracer.startSpan(model === '' ? name : `${name} ${model}`, {
      kind: 'client',
      parent,
      attributes: {
        'gen_ai.operation.name': name,
        'gen_ai.provider.name': genAiProvider(provider),
        ...(model === '' ? {} : { 'gen_ai.request.model': model }),
        ...(streamed ? { 'gen_ai.request.stream': true } : {}),
        'zeke.provider': provider.name,
        'zeke.attempt': attempt,
        ...(operation === name ? {} : { 'zeke.operation': operation }),
      },
    });
    this.#describeRequest(options);
  }

  get exemplar(): Exemplar | undefined {
    return this.span.exemplar;
  }

  get keepsContent(): boolean {
    return this.#content !== undefined;
  }

  /** What it was asked. */
  asked(request: ChatRequest): void {
    if (!this.keepsContent) return;
    this.span.setAttribute('gen_ai.input.messages', inputMessages(request));
    const system = systemInstructions(request);
    if (system !== undefined) this.span.setAttribute('gen_ai.system_instructions', system);
  }

  begin(): void {}

  event(event: ChatEvent): void {
    if (event.type === 'response-start') this.#describeResponse(event);
    else if (event.type === 'finish') this.#reasons.push(event.reason);
    this.#content?.hear(event);
  }

  whole(read: () => ChatResponse): void {
    try {
      const response = read();
      this.#describeResponse(response);
      for (const { finishReason } of response.choices) this.#reasons.push(finishReason);
      if (!this.keepsContent) return;
      this.span.setAttribute('gen_ai.output.messages', outputMessages(response.choices));
    } catch {
      // What cannot be read is the caller's business; a span only tells what it can.
    }
  }

  end(): void {}

  /** The attempt, which went to `url`, ended at this moment of the monotonic clock. */
  finish(
    entry: LedgerEntry,
    error: RpcError | undefined,
    url: string | undefined,
    atMs: number,
  ): void {
    const { firstTokenMs, httpStatus, metered, outcome, streamed, usage } = entry;
    const { span } = this;
    const address = url === undefined ? null : URL.parse(url);
    if (address) {
      span.setAttribute('server.address', address.hostname);
      span.setAttribute('server.port', Number(address.port) || defaultPort(address));
    }
    if (this.#reasons.length > 0) {
      span.setAttribute('gen_ai.response.finish_reasons', this.#reasons);
    }
    if (this.#content && !this.#content.isEmpty) {
      span.setAttribute('gen_ai.output.messages', outputMessages(this.#content.choices()));
    }
    if (streamed && firstTokenMs !== undefined) {
      span.setAttribute('gen_ai.response.time_to_first_chunk', firstTokenMs / 1_000);
    }
    if (httpStatus !== undefined) span.setAttribute('http.response.status_code', httpStatus);
    if (metered) this.#describeUsage(usage);
    span.setAttribute('zeke.outcome', outcome);
    // A race that was lost, or a client that left, is no failure of the provider.
    if (outcome === 'canceled') span.setAttribute('error.type', 'canceled');
    else if (error) span.fail(error);
    span.end(atMs);
  }

  #describeRequest({ asks, callerDialect }: AttemptOptions): void {
    if (!this.exemplar || callerDialect === 'raw' || !asks || asks instanceof Uint8Array) return;
    const { fieldNames } = dialects[callerDialect];
    for (const [name, value] of requestAttributes(fieldNames, asks)) {
      this.span.setAttribute(name, value);
    }
  }

  #describeResponse({ id, model }: Pick<ChatResponse, 'id' | 'model'>): void {
    if (id !== '') this.span.setAttribute('gen_ai.response.id', id);
    if (model !== '') this.span.setAttribute('gen_ai.response.model', model);
  }

  #describeUsage(usage: Usage): void {
    const { span } = this;
    span.setAttribute('gen_ai.usage.input_tokens', usage.input);
    span.setAttribute('gen_ai.usage.output_tokens', usage.output);
    const written = (usage.cacheWrite5m ?? 0) + (usage.cacheWrite1h ?? 0);
    const parts = {
      'gen_ai.usage.cache_read.input_tokens': usage.cachedInput,
      'gen_ai.usage.cache_creation.input_tokens': written,
      'gen_ai.usage.reasoning.output_tokens': usage.reasoning,
    };
    for (const [name, count] of Object.entries(parts)) if (count) span.setAttribute(name, count);
    if (usage.estimated) span.setAttribute('zeke.usage.estimated', true);
  }
}

function defaultPort({ protocol }: URL): number {
  return protocol === 'http:' ? 80 : 443;
}
