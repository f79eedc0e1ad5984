import type { RpcError } from '@zeke/rpc';
import { apiErrorInfo } from '../../neutral/api-error.ts';
import type { ChatEvent, FinishReason } from '../../neutral/chat-event.ts';
import type { MediaSource, Signature } from '../../neutral/chat-request.ts';
import type { ChatResponse } from '../../neutral/chat-response.ts';
import { replayResponse } from '../../neutral/replay-response.ts';
import type { Usage } from '../../neutral/usage.ts';
import type { EncodeResponseContext, EventEncoder, JsonObject, Upgrade } from '../dialect.ts';
import { CallWriter } from './call-writer.ts';
import { errorCode, failureCode } from './errors.ts';
import { encodeLogprobs } from './logprobs.ts';
import { MessageWriter } from './message-writer.ts';
import { isObject } from './read-json.ts';
import { ReasoningWriter } from './reasoning-writer.ts';
import { type ResponseProgress, responseObject } from './response-object.ts';
import { StreamWriter } from './stream-writer.ts';
import { type ToolShape, toolShapes } from './tool-names.ts';
import type { ResponseObject } from './types.ts';
import { encodeUsage } from './usage.ts';

type PartStart = Extract<ChatEvent, { type: 'part-start' }>;
type Growth = Extract<
  ChatEvent,
  { type: 'text-delta' | 'reasoning-delta' | 'refusal-delta' | 'citation' }
>;

/**
 * Writes a caller's stream. This API gives one answer, so choices after the first are left out.
 * Source: https://developers.openai.com/api/reference/resources/responses/streaming-events
 */
export function createEventEncoder(context: EncodeResponseContext): EventEncoder {
  return new ResponsesEventEncoder(context);
}

/** A whole answer; its form is that of the last record of a stream. */
export function encodeResponse(response: ChatResponse, context: EncodeResponseContext): JsonObject {
  const encoder = new ResponsesEventEncoder(context);
  const [first, ...others] = response.choices;
  const { logprobs, ...choice } = first ?? { parts: [], finishReason: 'stop' };
  for (const event of replayResponse({ ...response, choices: [choice, ...others] })) {
    encoder.push(event);
  }
  const body = encoder.response;
  const text = body.output
    .flatMap((item) => (item.type === 'message' ? item.content : []))
    .find((part) => part.type === 'output_text');
  if (text && logprobs) text.logprobs = encodeLogprobs(logprobs);
  return body as unknown as JsonObject;
}

class ResponsesEventEncoder implements EventEncoder {
  readonly #context: EncodeResponseContext;
  readonly #stream = new StreamWriter();
  readonly #shapes: Map<string, ToolShape>;
  readonly #calls = new Map<number, CallWriter>();
  readonly #ids = new Set<string>();
  /** The caller wants summaries, so thoughts of providers that give them whole are told as such. */
  readonly #wantsSummary: boolean;
  /** The item that may go on with the next part. */
  #open: MessageWriter | ReasoningWriter | undefined;
  /** The part of `#open` that has not ended. */
  #part: number | undefined;
  #isRedacted = false;
  #isStarted = false;
  #finish: FinishReason = 'stop';
  #hasRefusal = false;
  #usage: Usage | undefined;
  #progress: ResponseProgress = { status: 'in_progress', output: [] };

  constructor(context: EncodeResponseContext) {
    this.#context = context;
    this.#shapes = toolShapes(context.request);
    const { reasoning } = context.request;
    const summary = isObject(reasoning)
      ? (reasoning.summary ?? reasoning.generate_summary)
      : undefined;
    this.#wantsSummary = typeof summary === 'string' && summary !== 'none';
  }

  /** The Response object as the last record tells it. */
  get response(): ResponseObject {
    return responseObject(this.#context, this.#progress);
  }

  push(event: ChatEvent): string {
    if ('choice' in event && event.choice !== 0) return '';
    switch (event.type) {
      case 'response-start':
        this.#start();
        break;
      case 'part-start':
        this.#partStart(event);
        break;
      case 'text-delta':
      case 'reasoning-delta':
      case 'refusal-delta':
      case 'citation':
        if (event.part === this.#part) this.#grow(event);
        break;
      case 'arguments-delta':
        this.#calls.get(event.part)?.arguments(event.json);
        break;
      case 'part-end':
        this.#partEnd(event.part, event.signature);
        break;
      case 'finish':
        // A refusal without words of its own would look like an answer that is just empty.
        this.#finish =
          event.reason === 'refusal' && !this.#hasRefusal ? 'content-filter' : event.reason;
        this.#closeAll(isCutShort(this.#finish) ? 'incomplete' : 'completed');
        break;
      case 'usage':
        this.#usage = event.usage;
        break;
      case 'ping':
        if (!this.#isStarted) return ': keepalive\n\n';
        this.#stream.emit({ type: 'keepalive' });
        break;
      case 'error':
        this.#fail(event.error);
        break;
      case 'response-end':
        this.#end();
        break;
    }
    return this.#stream.take();
  }

  /** The items so far end as incomplete, and are not among those of the response. */
  upgrade(to: Upgrade): string {
    this.#closeAll('incomplete');
    this.#hasRefusal = false;
    this.#finish = 'stop';
    this.#stream.upgrade(to);
    return this.#stream.take();
  }

  #start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    const { response } = this;
    this.#stream.emit({ type: 'response.created', response });
    this.#stream.emit({ type: 'response.in_progress', response });
  }

  #partStart(event: PartStart): void {
    if (event.kind === 'tool-call') {
      this.#call(event);
      return;
    }
    if (this.#part !== undefined) this.#partEnd(this.#part, undefined);
    this.#part = event.part;
    switch (event.kind) {
      case 'text':
      case 'refusal':
        this.#hasRefusal ||= event.kind === 'refusal';
        this.#message().start(event.kind);
        return;
      case 'reasoning':
        this.#isRedacted = event.redacted ?? false;
        this.#reasoning(event.id).start(event.summary ?? this.#wantsSummary);
        return;
      case 'image':
        if (event.source) this.#image(event.source);
    }
  }

  #grow(event: Growth): void {
    const open = this.#open;
    if (open?.kind === 'reasoning') {
      if (event.type === 'reasoning-delta') open.text(event.text);
    } else if (event.type === 'text-delta') open?.text(event.text, event.logprobs);
    else if (event.type === 'refusal-delta') open?.refusal(event.text);
    else if (event.type === 'citation') open?.cite(event.citation);
  }

  #partEnd(part: number, signature: Signature | undefined): void {
    const call = this.#calls.get(part);
    if (call) {
      this.#calls.delete(part);
      call.end();
      if (signature) this.#token(signature);
      return;
    }
    if (part !== this.#part) return;
    this.#part = undefined;
    if (this.#open?.kind === 'reasoning') {
      this.#open.end(signature, this.#isRedacted ? 'redacted' : 'reasoning');
    } else {
      this.#open?.end();
      if (signature) this.#token(signature);
    }
  }

  #message(): MessageWriter {
    if (this.#open?.kind === 'message') return this.#open;
    this.#closeOpen('completed');
    const message = new MessageWriter(this.#stream, this.#newId('msg'));
    this.#open = message;
    return message;
  }

  #reasoning(sourceId: string | undefined): ReasoningWriter {
    const open = this.#open;
    if (open?.kind === 'reasoning' && sourceId !== undefined && open.sourceId === sourceId) {
      return open;
    }
    this.#closeOpen('completed');
    const isFree = sourceId !== undefined && !this.#ids.has(sourceId);
    const id = isFree ? sourceId : this.#newId('rs');
    this.#ids.add(id);
    const reasoning = new ReasoningWriter(this.#stream, id, sourceId);
    this.#open = reasoning;
    return reasoning;
  }

  #call(event: PartStart): void {
    if (this.#part === undefined) this.#closeOpen('completed');
    const name = event.name ?? '';
    const shape = this.#shapes.get(name) ?? { name, custom: false };
    const custom = event.custom ?? false;
    const prefix = shape.client?.idPrefix ?? (custom || shape.custom ? 'ctc' : 'fc');
    const itemId = this.#newId(prefix);
    const callId = event.callId || itemId;
    this.#calls.set(event.part, new CallWriter(this.#stream, shape, { itemId, callId, custom }));
  }

  /** A token of a text or call stands in an item of its own behind it. */
  #token(signature: Signature): void {
    if (this.#part === undefined) this.#closeOpen('completed');
    const item = new ReasoningWriter(this.#stream, this.#newId('rs'), undefined);
    item.end(signature, 'previous-part');
    item.close();
  }

  /** This API's images are base64 data; the address of another is told as text. */
  #image(source: MediaSource): void {
    if (source.kind !== 'base64') {
      const message = this.#message();
      message.start('text');
      message.text(`![image](${source.kind === 'url' ? source.url : source.fileId})`, undefined);
      return;
    }
    this.#closeOpen('completed');
    const id = this.#newId('ig');
    const base = { id, type: 'image_generation_call' as const };
    const output_index = this.#stream.addItem({ ...base, status: 'in_progress', result: null });
    const place = { item_id: id, output_index };
    this.#stream.emit({ type: 'response.image_generation_call.in_progress', ...place });
    this.#stream.emit({ type: 'response.image_generation_call.completed', ...place });
    this.#stream.finishItem(output_index, {
      ...base,
      status: 'completed',
      result: source.data,
      output_format: imageFormat(source.mediaType),
    });
  }

  #closeOpen(status: 'completed' | 'incomplete'): void {
    this.#open?.close(status);
    this.#open = undefined;
  }

  #closeAll(status: 'completed' | 'incomplete'): void {
    if (this.#part !== undefined) this.#partEnd(this.#part, undefined);
    this.#closeOpen(status);
    for (const call of this.#calls.values()) call.end();
    this.#calls.clear();
  }

  #end(): void {
    this.#closeAll('completed');
    const { answer: output } = this.#stream;
    const usage = this.#usage ? { usage: encodeUsage(this.#usage) } : {};
    switch (this.#finish) {
      case 'length':
      case 'context-length':
      case 'content-filter': {
        const isFiltered = this.#finish === 'content-filter';
        const incomplete_details = {
          reason: isFiltered ? ('content_filter' as const) : ('max_output_tokens' as const),
        };
        this.#progress = { status: 'incomplete', output, incomplete_details, ...usage };
        this.#stream.emit({ type: 'response.incomplete', response: this.response });
        return;
      }
      case 'error': {
        const error = { code: 'server_error' as const, message: 'the model could not finish' };
        this.#progress = { status: 'failed', output, error, ...usage };
        this.#stream.emit({ type: 'response.failed', response: this.response });
        return;
      }
      default: {
        const completed_at = Math.floor(Math.max(Date.now(), this.#context.createdAtMs) / 1_000);
        this.#progress = { status: 'completed', output, completed_at, ...usage };
        this.#stream.emit({ type: 'response.completed', response: this.response });
      }
    }
  }

  #fail(error: RpcError): void {
    const { message } = error;
    if (!this.#isStarted) {
      const param = apiErrorInfo(error).param ?? null;
      this.#stream.emit({ type: 'error', code: errorCode(error), message, param });
      return;
    }
    // The API's types list fewer codes than it sends: `context_length_exceeded` is one clients know.
    const code = failureCode(error) as NonNullable<ResponseObject['error']>['code'];
    this.#progress = {
      status: 'failed',
      output: this.#stream.finishedOutput,
      error: { code, message },
      ...(this.#usage ? { usage: encodeUsage(this.#usage) } : {}),
    };
    this.#stream.emit({ type: 'response.failed', response: this.response });
  }

  /** Unlike any other of the response, and the same in every record. */
  #newId(prefix: string): string {
    const { responseId } = this.#context;
    const stem = responseId.startsWith('resp_') ? responseId.slice('resp_'.length) : responseId;
    let place = this.#stream.output.length;
    let id = `${prefix}_${stem}${String(place).padStart(4, '0')}`;
    while (this.#ids.has(id)) id = `${prefix}_${stem}${String(++place).padStart(4, '0')}`;
    this.#ids.add(id);
    return id;
  }
}

function isCutShort(reason: FinishReason): boolean {
  return reason === 'length' || reason === 'context-length' || reason === 'content-filter';
}

function imageFormat(mediaType: string): 'png' | 'webp' | 'jpeg' | 'gif' | 'svg' {
  switch (mediaType) {
    case 'image/webp':
      return 'webp';
    case 'image/jpeg':
      return 'jpeg';
    case 'image/gif':
      return 'gif';
    case 'image/svg+xml':
      return 'svg';
    default:
      return 'png';
  }
}
