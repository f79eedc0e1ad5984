import type { ReasoningPart } from '../../neutral/chat-request.ts';
import { unwrapSignature, wrapSignature } from '../../neutral/signature.ts';
import { compact } from './compact.ts';
import { filledText, recordOf } from './provider-answer.ts';
import type { ReasoningDetail } from './types.ts';

/**
 * Thoughts with their signatures, in OpenRouter's convention: `reasoning.text` (text, signature),
 * `reasoning.summary` (summary, and as our addition its signature) and `reasoning.encrypted` (data).
 * Source: https://openrouter.ai/docs/guides/best-practices/reasoning-tokens
 */
export function detailOf(part: ReasoningPart, index: number): ReasoningDetail {
  const signature =
    part.signature === undefined ? undefined : wrapSignature(part.signature, 'openai-chat');
  if (part.redacted) {
    return compact({ type: 'reasoning.encrypted', data: signature ?? '', id: part.id, index });
  }
  return part.summary
    ? compact({ type: 'reasoning.summary', summary: part.text, signature, id: part.id, index })
    : compact({ type: 'reasoning.text', text: part.text, signature, id: part.id, index });
}

/**
 * The thoughts that details tell. Details of one index and type are pieces of one thought, as they
 * come in a stream and as clients send them back that keep a stream's pieces; details of a type
 * unknown here are left out.
 */
export function partsOfDetails(details: readonly ReasoningDetail[]): ReasoningPart[] {
  const parts: ReasoningPart[] = [];
  let previous: ReasoningDetail | undefined;
  for (const detail of details) {
    const part = partOfDetail(detail);
    if (part === undefined) continue;
    const last = parts.at(-1);
    if (last !== undefined && previous !== undefined && isContinued(previous, detail)) {
      last.text += part.text;
      if (part.signature) last.signature = part.signature;
      if (part.id !== undefined) last.id = part.id;
    } else {
      parts.push(part);
    }
    previous = detail;
  }
  return parts;
}

/** True when `next` goes on with the thought of `previous`. */
function isContinued(previous: ReasoningDetail, next: ReasoningDetail): boolean {
  return (
    previous.type === next.type &&
    next.type !== 'reasoning.encrypted' &&
    typeof next.index === 'number' &&
    previous.index === next.index
  );
}

/** A detail of a provider's answer: fields of another type than theirs are as if they were not there. */
export function detailOfProvider(value: unknown): ReasoningDetail {
  const { type, text, summary, data, signature, id, index } = recordOf<ReasoningDetail>(value);
  return {
    type: filledText(type) ?? '',
    text: filledText(text),
    summary: filledText(summary),
    data: filledText(data),
    signature: filledText(signature),
    id: filledText(id),
    index: typeof index === 'number' ? index : undefined,
  };
}

export function partOfDetail(detail: ReasoningDetail): ReasoningPart | undefined {
  const id = detail.id ?? undefined;
  const token = detail.type === 'reasoning.encrypted' ? detail.data : detail.signature;
  const signature = token ? unwrapSignature(token, 'openai-chat') : undefined;
  switch (detail.type) {
    case 'reasoning.text':
      return compact({ type: 'reasoning' as const, text: detail.text ?? '', signature, id });
    case 'reasoning.summary':
      return compact({
        type: 'reasoning' as const,
        text: detail.summary ?? '',
        summary: true,
        signature,
        id,
      });
    case 'reasoning.encrypted':
      return compact({ type: 'reasoning' as const, text: '', redacted: true, signature, id });
    default:
      return undefined;
  }
}
