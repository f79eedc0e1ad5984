import { costMember, type Usage } from '../../neutral/usage.ts';
import type { Frame } from '../dialect.ts';
import type { WireModalityCount, WireUsage } from './types.ts';

/** What frames with usage have in their text. */
export const usageMark = '"usageMetadata"';

/**
 * Neutral usage of a `usageMetadata`, undefined when there is none. The prompt's count holds the
 * cached tokens; tokens of tool results and of thoughts stand beside the other two counts.
 * Source: https://ai.google.dev/api/generate-content#UsageMetadata
 */
export function decodeUsage(metadata: unknown): Usage | undefined {
  if (typeof metadata !== 'object' || metadata === null) return undefined;
  const counts = metadata as Record<string, unknown>;
  const reasoning = tokens(counts.thoughtsTokenCount);
  const usage: Usage = {
    input: tokens(counts.promptTokenCount) + tokens(counts.toolUsePromptTokenCount),
    output: tokens(counts.candidatesTokenCount) + reasoning,
  };
  const cached = tokens(counts.cachedContentTokenCount);
  if (cached > 0) usage.cachedInput = cached;
  if (reasoning > 0) usage.reasoning = reasoning;
  const { promptTokensDetails, toolUsePromptTokensDetails, candidatesTokensDetails } = counts;
  addModalities(usage, promptTokensDetails, 'audioInput', 'imageInput');
  addModalities(usage, toolUsePromptTokensDetails, 'audioInput', 'imageInput');
  addModalities(usage, candidatesTokensDetails, 'audioOutput', 'imageOutput');
  return usage;
}

function addModalities(
  usage: Usage,
  details: unknown,
  audio: 'audioInput' | 'audioOutput',
  image: 'imageInput' | 'imageOutput',
): void {
  if (!Array.isArray(details)) return;
  for (const detail of details as unknown[]) {
    if (typeof detail !== 'object' || detail === null) continue;
    const { modality, tokenCount } = detail as Record<string, unknown>;
    const count = tokens(tokenCount);
    if (count === 0) continue;
    if (modality === 'AUDIO') usage[audio] = (usage[audio] ?? 0) + count;
    else if (modality === 'IMAGE') usage[image] = (usage[image] ?? 0) + count;
  }
}

function tokens(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
}

/** The inverse of `decodeUsage`; cache writes have no place in it. */
export function encodeUsage(usage: Usage): WireUsage {
  const { input, output, reasoning = 0 } = usage;
  const promptTokensDetails = modalities(input, usage.audioInput, usage.imageInput);
  const answer = modalities(output - reasoning, usage.audioOutput, usage.imageOutput);
  return {
    promptTokenCount: input,
    candidatesTokenCount: output - reasoning,
    totalTokenCount: input + output,
    ...(usage.cachedInput === undefined ? {} : { cachedContentTokenCount: usage.cachedInput }),
    promptTokensDetails,
    ...(usage.audioOutput || usage.imageOutput ? { candidatesTokensDetails: answer } : {}),
    ...(usage.reasoning === undefined ? {} : { thoughtsTokenCount: reasoning }),
    ...costMember(usage),
  };
}

function modalities(total: number, audio = 0, image = 0): WireModalityCount[] {
  const details: WireModalityCount[] = [
    { modality: 'TEXT', tokenCount: Math.max(0, total - audio - image) },
  ];
  if (audio > 0) details.push({ modality: 'AUDIO', tokenCount: audio });
  if (image > 0) details.push({ modality: 'IMAGE', tokenCount: image });
  return details;
}

/**
 * Usage of one record of a stream; the counts grow from record to record, so the last is whole.
 * Reads only the usage's own object, not the record, which may hold an image.
 */
export function scanUsage(frame: Frame, usage: Usage): void {
  const found = decodeUsage(usageObject(frame.data));
  if (found) Object.assign(usage, found);
}

function usageObject(text: string): unknown {
  const mark = text.lastIndexOf(usageMark);
  const start = mark < 0 ? -1 : text.indexOf('{', mark);
  if (start < 0) return undefined;
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === 0x7b) depth++;
    else if (char === 0x7d && --depth === 0) return parsed(text.slice(start, at + 1));
  }
  return undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Usage of a whole answer's body. */
export function readUsage(body: unknown): Usage | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  return decodeUsage((body as Record<string, unknown>).usageMetadata);
}
