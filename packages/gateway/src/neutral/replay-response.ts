import type { ChatEvent } from './chat-event.ts';
import type { OutputPart } from './chat-request.ts';
import type { ChatResponse } from './chat-response.ts';

/** The events that tell a whole answer: the inverse of `collectResponse`. */
export function replayResponse(response: ChatResponse): ChatEvent[] {
  const events: ChatEvent[] = [
    {
      type: 'response-start',
      id: response.id,
      model: response.model,
      createdAtMs: response.createdAtMs,
    },
  ];
  for (const [choice, { parts, logprobs }] of response.choices.entries()) {
    // They are of the whole choice, and so told once.
    const firstText = parts.findIndex(({ type }) => type === 'text');
    for (const [part, value] of parts.entries()) {
      pushPart(events, { choice, part }, value, part === firstText ? logprobs : undefined);
    }
  }
  for (const [choice, { finishReason, stopSequence }] of response.choices.entries()) {
    events.push({
      type: 'finish',
      choice,
      reason: finishReason,
      ...(stopSequence === undefined ? {} : { stopSequence }),
    });
  }
  if (response.usage) events.push({ type: 'usage', usage: response.usage });
  events.push({ type: 'response-end' });
  return events;
}

function pushPart(
  events: ChatEvent[],
  at: { choice: number; part: number },
  value: OutputPart,
  logprobs: ChatResponse['choices'][number]['logprobs'],
): void {
  events.push(startOf(at, value));
  switch (value.type) {
    case 'text':
      events.push({
        type: 'text-delta',
        ...at,
        text: value.text,
        ...(logprobs ? { logprobs } : {}),
      });
      for (const citation of value.citations ?? []) {
        events.push({ type: 'citation', ...at, citation });
      }
      break;
    case 'reasoning':
      if (value.text) events.push({ type: 'reasoning-delta', ...at, text: value.text });
      break;
    case 'refusal':
      events.push({ type: 'refusal-delta', ...at, text: value.text });
      break;
    case 'tool-call':
      events.push({ type: 'arguments-delta', ...at, json: value.arguments });
      break;
    case 'image':
      break;
  }
  const signature = 'signature' in value ? value.signature : undefined;
  events.push({ type: 'part-end', ...at, ...(signature ? { signature } : {}) });
}

function startOf(at: { choice: number; part: number }, value: OutputPart): ChatEvent {
  switch (value.type) {
    case 'text':
    case 'refusal':
      return { type: 'part-start', ...at, kind: value.type };
    case 'tool-call':
      return {
        type: 'part-start',
        ...at,
        kind: 'tool-call',
        callId: value.id,
        name: value.name,
        ...(value.custom ? { custom: true } : {}),
      };
    case 'image':
      return { type: 'part-start', ...at, kind: 'image', source: value.source };
    case 'reasoning':
      return {
        type: 'part-start',
        ...at,
        kind: 'reasoning',
        ...(value.id === undefined ? {} : { id: value.id }),
        ...(value.summary ? { summary: true } : {}),
        ...(value.redacted ? { redacted: true } : {}),
      };
  }
}
