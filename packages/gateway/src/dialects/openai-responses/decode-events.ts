import { apiError } from '../../neutral/api-error.ts';
import type { ChatEvent, FinishReason } from '../../neutral/chat-event.ts';
import type { Signature } from '../../neutral/chat-request.ts';
import type { ChatResponse } from '../../neutral/chat-response.ts';
import { collectResponse } from '../../neutral/collect-response.ts';
import { msOfUnixSeconds } from '../../neutral/unix-time.ts';
import type { EventDecoder, Frame, JsonObject } from '../dialect.ts';
import { decodeAnnotation } from './annotations.ts';
import { clientTools } from './client-tools.ts';
import { errorOfAnswer, errorOfRecord } from './errors.ts';
import { decodeLogprobs } from './logprobs.ts';
import { index, isObject, list, parseObject, text } from './read-json.ts';
import { flatName } from './tool-names.ts';
import { readUsage } from './usage.ts';

/**
 * Reads a provider's stream. It trusts the deltas and takes from the `done` records what no delta
 * told, so that a provider which leaves out one or the other is read as well.
 * Source: https://developers.openai.com/api/reference/resources/responses/streaming-events
 */
export function createEventDecoder(): EventDecoder {
  return new ResponsesEventDecoder();
}

/** A whole answer; throws the error that a failed one names. */
export function decodeResponse(body: unknown): ChatResponse {
  const error = errorOfAnswer(body);
  if (error) throw error;
  const response = isObject(body) ? body : {};
  const decoder = new ResponsesEventDecoder();
  const events = decoder.read({ type: 'response.created', response });
  for (const [output_index, item] of list(response.output).entries()) {
    events.push(...decoder.read({ type: 'response.output_item.done', output_index, item }));
  }
  const status = typeof response.status === 'string' ? response.status : '';
  const type = status === 'failed' || status === 'incomplete' ? status : 'completed';
  events.push(...decoder.read({ type: `response.${type}`, response }));
  return collectResponse(events);
}

/** A part that may still grow: of a message, of a reasoning item, or a tool call. */
interface OpenPart {
  part: number;
  /** Whether deltas told any of it. */
  isTold: boolean;
  citations: number;
}

/** The one open part that is no tool call; parts of a choice do not overlap. */
interface OpenContent extends OpenPart {
  kind: 'text' | 'refusal' | 'summary' | 'thought';
  output: number;
  /** Of a text or refusal. */
  content: number;
}

type ContentKind = OpenContent['kind'];

class ResponsesEventDecoder implements EventDecoder {
  #events: ChatEvent[] = [];
  #isStarted = false;
  #isEnded = false;
  #parts = 0;
  #open: OpenContent | undefined;
  /** The last entry of a reasoning item that was heard of. */
  #entry = 0;
  readonly #calls = new Map<number, OpenPart>();
  readonly #reasoningIds = new Map<number, string>();
  /** Contents and items that were told to the end: `output/content`, or `output`. */
  readonly #told = new Set<string>();
  #hasCall = false;
  #hasRefusal = false;

  push(frame: Frame): ChatEvent[] {
    if (frame.data === '[DONE]') return [];
    const record = parseObject(frame.data);
    if (!record)
      return this.#isEnded ? [] : this.#fail('the provider sent a record that is no JSON');
    if (record.type === undefined && frame.event !== '') record.type = frame.event;
    return this.read(record);
  }

  end(): ChatEvent[] {
    return this.#isEnded ? [] : this.#fail('the provider ended its answer early');
  }

  /** `push` of a record that is parsed already. */
  read(record: JsonObject): ChatEvent[] {
    if (this.#isEnded) return [];
    this.#events = [];
    this.#record(record);
    return this.#events;
  }

  #record(record: JsonObject): void {
    const output = index(record.output_index);
    switch (record.type) {
      case 'response.created':
      case 'response.in_progress':
      case 'response.queued':
        this.#start(record.response);
        return;
      case 'response.output_item.added':
        this.#itemAdded(record.item, output);
        return;
      case 'response.output_item.done':
        this.#itemDone(record.item, output);
        return;
      case 'response.content_part.added':
        this.#contentAdded(record, output);
        return;
      case 'response.content_part.done':
        this.#contentDone(record.part, output, index(record.content_index));
        return;
      case 'response.output_text.delta':
        this.#textDelta(record, output);
        return;
      case 'response.output_text.annotation.added':
        this.#annotation(record, output);
        return;
      case 'response.refusal.delta':
        this.#grow('refusal', text(record.delta), output, index(record.content_index));
        return;
      case 'response.reasoning_summary_text.delta':
        this.#thoughtDelta('summary', text(record.delta), output, index(record.summary_index));
        return;
      case 'response.reasoning_text.delta':
        this.#thoughtDelta('thought', text(record.delta), output, index(record.content_index));
        return;
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
        this.#callDelta(text(record.delta), output);
        return;
      case 'response.completed':
      case 'response.incomplete':
        this.#finish(record);
        return;
      case 'keepalive':
        this.#events.push({ type: 'ping' });
        return;
      default: {
        const error = errorOfRecord(record);
        if (!error) return;
        this.#isEnded = true;
        this.#events.push({ type: 'error', error });
      }
    }
  }

  #start(response: unknown): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    const { id, model, created_at: created } = isObject(response) ? response : ({} as JsonObject);
    this.#events.push({
      type: 'response-start',
      id: text(id) || `resp_${crypto.randomUUID().replaceAll('-', '')}`,
      model: text(model),
      createdAtMs: msOfUnixSeconds(created),
    });
  }

  #itemAdded(item: unknown, output: number): void {
    if (!isObject(item)) return;
    this.#start(undefined);
    if (item.type === 'reasoning') {
      if (typeof item.id === 'string') this.#reasoningIds.set(output, item.id);
    } else if (item.type === 'function_call' || item.type === 'custom_tool_call') {
      this.#startCall(item, output);
    }
  }

  #startCall(item: JsonObject, output: number): OpenPart {
    this.#close();
    this.#endCall(output);
    this.#hasCall = true;
    const call = { part: this.#parts++, isTold: false, citations: 0 };
    this.#calls.set(output, call);
    const client = clientTools.find((tool) => tool.callType === item.type);
    this.#events.push({
      type: 'part-start',
      choice: 0,
      part: call.part,
      kind: 'tool-call',
      callId: text(item.call_id) || text(item.id) || `call_${crypto.randomUUID().slice(0, 8)}`,
      name: client?.type ?? flatName(text(item.namespace), text(item.name)),
      ...(item.type === 'custom_tool_call' ? { custom: true } : {}),
    });
    return call;
  }

  #callDelta(json: string, output: number): void {
    const call = this.#calls.get(output);
    if (!call || json === '') return;
    call.isTold = true;
    this.#events.push({ type: 'arguments-delta', choice: 0, part: call.part, json });
  }

  #contentAdded(record: JsonObject, output: number): void {
    const part = isObject(record.part) ? record.part : {};
    const kind = contentKind(part.type);
    if (!kind) return;
    this.#ensure(kind, output, kind === 'thought' ? 0 : index(record.content_index));
  }

  #textDelta(record: JsonObject, output: number): void {
    const delta = text(record.delta);
    const open = this.#ensure('text', output, index(record.content_index));
    const logprobs = decodeLogprobs(record.logprobs);
    if (delta === '' && !logprobs) return;
    open.isTold = true;
    this.#events.push({
      type: 'text-delta',
      choice: 0,
      part: open.part,
      text: delta,
      ...(logprobs ? { logprobs } : {}),
    });
  }

  /** The entries of one reasoning item become one text, a blank line between them. */
  #thoughtDelta(kind: 'summary' | 'thought', delta: string, output: number, entry: number): void {
    const open = this.#ensure(kind, output, 0);
    const lead = open.isTold && entry !== this.#entry ? '\n\n' : '';
    this.#entry = entry;
    this.#grow(kind, lead + delta, output, 0);
  }

  #grow(kind: ContentKind, delta: string, output: number, content: number): void {
    const open = this.#ensure(kind, output, content);
    if (delta === '') return;
    open.isTold = true;
    const { part } = open;
    if (kind === 'text') this.#events.push({ type: 'text-delta', choice: 0, part, text: delta });
    else if (kind === 'refusal') {
      this.#events.push({ type: 'refusal-delta', choice: 0, part, text: delta });
    } else this.#events.push({ type: 'reasoning-delta', choice: 0, part, text: delta });
  }

  #annotation(record: JsonObject, output: number): void {
    const open = this.#ensure('text', output, index(record.content_index));
    if (isObject(record.annotation)) this.#cite(open, [record.annotation]);
  }

  #cite(open: OpenContent, annotations: unknown[]): void {
    for (const annotation of annotations) {
      if (!isObject(annotation)) continue;
      open.citations++;
      const citation = decodeAnnotation(annotation);
      this.#events.push({ type: 'citation', choice: 0, part: open.part, citation });
    }
  }

  /** The open part of this kind and place; what was open elsewhere ends. */
  #ensure(kind: ContentKind, output: number, content: number): OpenContent {
    const open = this.#open;
    if (open?.kind === kind && open.output === output && open.content === content) return open;
    this.#start(undefined);
    this.#close();
    const next = { kind, output, content, part: this.#parts++, isTold: false, citations: 0 };
    this.#open = next;
    if (kind === 'refusal') this.#hasRefusal = true;
    const id = this.#reasoningIds.get(output);
    const isReasoning = kind === 'summary' || kind === 'thought';
    this.#events.push({
      type: 'part-start',
      choice: 0,
      part: next.part,
      kind: isReasoning ? 'reasoning' : kind,
      ...(isReasoning && id !== undefined ? { id } : {}),
      ...(kind === 'summary' ? { summary: true } : {}),
    });
    return next;
  }

  #close(signature?: Signature): void {
    const open = this.#open;
    if (!open) return;
    this.#open = undefined;
    this.#told.add(`${open.output}/${open.content}`);
    this.#events.push({
      type: 'part-end',
      choice: 0,
      part: open.part,
      ...(signature ? { signature } : {}),
    });
  }

  #contentDone(part: unknown, output: number, content: number): void {
    const kind = isObject(part) ? contentKind(part.type) : undefined;
    // Reasoning is told by its deltas or by its item, which ends with its token.
    if (!isObject(part) || !kind || kind === 'thought') return;
    if (this.#told.has(`${output}/${content}`)) return;
    const open = this.#ensure(kind, output, content);
    if (kind === 'text') {
      if (!open.isTold) this.#wholeText(open, part);
      this.#cite(open, list(part.annotations).slice(open.citations));
    } else if (!open.isTold) this.#grow(kind, text(part.refusal), output, content);
    this.#close();
  }

  #wholeText(open: OpenContent, part: JsonObject): void {
    const whole = text(part.text);
    const logprobs = decodeLogprobs(part.logprobs);
    if (whole === '' && !logprobs) return;
    open.isTold = true;
    this.#events.push({
      type: 'text-delta',
      choice: 0,
      part: open.part,
      text: whole,
      ...(logprobs ? { logprobs } : {}),
    });
  }

  #itemDone(item: unknown, output: number): void {
    if (!isObject(item) || this.#told.has(`${output}`)) return;
    this.#start(undefined);
    this.#told.add(`${output}`);
    switch (item.type) {
      case 'message':
        for (const [at, part] of list(item.content).entries()) {
          this.#contentDone(part, output, at);
        }
        if (this.#open?.output === output) this.#close();
        return;
      case 'reasoning':
        this.#reasoningDone(item, output);
        return;
      case 'function_call':
        this.#callDone(item, output, text(item.arguments));
        return;
      case 'custom_tool_call':
        this.#callDone(item, output, text(item.input));
        return;
      case 'image_generation_call':
        this.#image(item);
        return;
      default: {
        const tool = clientTools.find((known) => known.callType === item.type);
        // The search of the provider's own tool index is answered by itself.
        if (!tool || item.execution === 'server') return;
        this.#callDone(item, output, JSON.stringify(tool.argumentsOf(item) ?? {}));
      }
    }
  }

  #reasoningDone(item: JsonObject, output: number): void {
    if (typeof item.id === 'string') this.#reasoningIds.set(output, item.id);
    const token = text(item.encrypted_content);
    const signature: Signature | undefined =
      token === '' ? undefined : { origin: 'openai-responses', value: token };
    const isOpen = this.#open?.output === output;
    const wasTold = isOpen || this.#told.has(`${output}/0`);
    if (!wasTold) {
      const summary = joined(item.summary);
      const thought = joined(item.content);
      if (summary !== '') this.#grow('summary', summary, output, 0);
      if (thought !== '') this.#grow('thought', thought, output, 0);
    }
    if (this.#open?.output !== output) {
      if (!signature) return;
      this.#ensure('thought', output, 0);
    }
    this.#close(signature);
  }

  #callDone(item: JsonObject, output: number, whole: string): void {
    const call = this.#calls.get(output) ?? this.#startCall(item, output);
    if (!call.isTold) this.#callDelta(whole, output);
    this.#endCall(output);
  }

  #endCall(output: number): void {
    const call = this.#calls.get(output);
    if (!call) return;
    this.#calls.delete(output);
    this.#events.push({ type: 'part-end', choice: 0, part: call.part });
  }

  #image(item: JsonObject): void {
    const data = text(item.result);
    if (data === '') return;
    this.#close();
    const at = { choice: 0, part: this.#parts++ };
    const mediaType = `image/${text(item.output_format) || 'png'}`;
    this.#events.push(
      { type: 'part-start', ...at, kind: 'image', source: { kind: 'base64', mediaType, data } },
      { type: 'part-end', ...at },
    );
  }

  #finish(record: JsonObject): void {
    this.#start(record.response);
    if (this.#parts === 0) this.#wholeOutput(record.response);
    this.#close();
    for (const output of [...this.#calls.keys()]) this.#endCall(output);
    this.#events.push({ type: 'finish', choice: 0, reason: this.#finishReason(record) });
    const usage = readUsage(record.response);
    if (usage) this.#events.push({ type: 'usage', usage });
    this.#events.push({ type: 'response-end' });
    this.#isEnded = true;
  }

  /** Of a provider that told no item on the way. */
  #wholeOutput(response: unknown): void {
    if (!isObject(response)) return;
    for (const [at, item] of list(response.output).entries()) this.#itemDone(item, at);
  }

  #finishReason(record: JsonObject): FinishReason {
    if (record.type === 'response.incomplete') {
      const response = isObject(record.response) ? record.response : {};
      const details = response.incomplete_details;
      const reason = isObject(details) ? details.reason : undefined;
      return reason === 'content_filter' ? 'content-filter' : 'length';
    }
    if (this.#hasCall) return 'tool-calls';
    return this.#hasRefusal ? 'refusal' : 'stop';
  }

  #fail(message: string): ChatEvent[] {
    this.#isEnded = true;
    return [{ type: 'error', error: apiError('data_loss', message, { retryable: true }) }];
  }
}

function contentKind(type: unknown): ContentKind | undefined {
  if (type === 'output_text') return 'text';
  if (type === 'refusal') return 'refusal';
  return type === 'reasoning_text' ? 'thought' : undefined;
}

function joined(entries: unknown): string {
  return list(entries)
    .filter(isObject)
    .map((entry) => text(entry.text))
    .join('\n\n');
}
