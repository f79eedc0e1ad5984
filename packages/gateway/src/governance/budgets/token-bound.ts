import type { JsonObject } from '../../dialects/dialect.ts';

/** The most tokens that a request is taken to use, before it is sent. */
export interface TokenBound {
  input: number;
  output: number;
  /** It marks what is to be cached: writing that may cost more than reading. */
  caches: boolean;
  /** It holds, or asks for, more than text. */
  media: boolean;
}

/**
 * Bytes of UTF-8 for a token, at the least that text has but for long runs of digits and signs:
 * English has over 4, code about 3, Chinese 3.
 */
const bytesAToken = 2;
/** A picture, a sound or a document, and one token more for so many bytes of its base64. */
const mediaTokens = 2_000;
const mediaBytesAToken = 50;
/** What dialects put around a message, a part, or a tool. */
const tokensAnObject = 4;
const maxDepth = 64;
/** Answers to one request. */
const maxAnswers = 128;

/**
 * Bounds a request's tokens by its JSON, in any dialect, without a tokenizer. The output is what the
 * caller allows for all its answers together, or `defaultOutput` for each where it allows any.
 */
export function tokenBoundOf(body: JsonObject, defaultOutput: number): TokenBound {
  const bound: TokenBound = { input: 0, output: 0, caches: false, media: false };
  addInput(body, bound, 0, false);
  bound.output = outputOf(body, defaultOutput);
  return bound;
}

/** The same for a body that is no JSON, a form: by its size. */
export function tokenBoundOfBytes(bytes: number, defaultOutput: number): TokenBound {
  const input = mediaTokens + Math.ceil(bytes / mediaBytesAToken);
  return { input, output: defaultOutput, caches: false, media: true };
}

function addInput(value: unknown, bound: TokenBound, depth: number, mayBeMedia: boolean): void {
  if (typeof value === 'string') {
    addText(value, bound, mayBeMedia);
    return;
  }
  if (typeof value !== 'object') {
    bound.input += 1;
    return;
  }
  if (value === null || depth > maxDepth) return;
  bound.input += tokensAnObject;
  if (Array.isArray(value)) {
    for (const item of value) addInput(item, bound, depth + 1, mayBeMedia);
    return;
  }
  const members = value as JsonObject;
  // Parsed JSON inherits nothing, and a list of its entries would be made for each object.
  for (const name in members) {
    if (cacheMembers.has(name)) {
      bound.caches = true;
      continue;
    }
    if (name === 'modalities' || name === 'responseModalities') bound.media = true;
    bound.input += Math.ceil(name.length / bytesAToken);
    addInput(members[name], bound, depth + 1, mayBeMedia || mediaMembers.has(name));
  }
}

function addText(text: string, bound: TokenBound, mayBeMedia: boolean): void {
  if (!(mayBeMedia && mediaText.test(text))) {
    bound.input += Math.ceil(Buffer.byteLength(text) / bytesAToken);
    return;
  }
  bound.media = true;
  bound.input += mediaTokens + Math.ceil(text.length / mediaBytesAToken);
}

const cacheMembers: ReadonlySet<string> = new Set(['cache_control', 'cachePoint']);

/** Members that hold bytes of media, or say where they are, in the words of all dialects. */
const mediaMembers: ReadonlySet<string> = new Set([
  'image_url',
  'input_audio',
  'file',
  'file_data',
  'file_id',
  'source',
  'inlineData',
  'inline_data',
  'fileData',
  'images',
  'image',
]);

/** An address, the id of a file, or base64, which no text is for so long. */
const mediaText = /^(?:data:|https?:|gs:|file-|[\w+/=-]{200})/;

/** Where the dialects write how much may be answered, at the top or in a member. */
const outputMembers = [
  'max_tokens',
  'max_completion_tokens',
  'max_output_tokens',
  'max_tokens_to_sample',
  'maxOutputTokens',
  'maxTokens',
  'num_predict',
] as const;
const settingsMembers = [
  'generationConfig',
  'generation_config',
  'options',
  'inferenceConfig',
] as const;
const answersMembers = ['n', 'best_of', 'candidateCount', 'candidate_count'] as const;

function outputOf(body: JsonObject, defaultOutput: number): number {
  const most = { allowed: 0, answers: 1 };
  raise(most, body);
  for (const name of settingsMembers) {
    const settings = body[name];
    if (typeof settings === 'object' && settings !== null) raise(most, settings as JsonObject);
  }
  return (most.allowed || defaultOutput) * Math.min(most.answers, maxAnswers);
}

function raise(most: { allowed: number; answers: number }, settings: JsonObject): void {
  for (const name of outputMembers) {
    const value = settings[name];
    if (value !== undefined) most.allowed = Math.max(most.allowed, countOf(value));
  }
  for (const name of answersMembers) {
    const value = settings[name];
    if (value !== undefined) most.answers = Math.max(most.answers, countOf(value));
  }
}

/** What is no count is refused by the provider, or means no limit, such as Ollama's -1. */
function countOf(value: unknown): number {
  const count = typeof value === 'string' ? Number(value) : value;
  if (typeof count !== 'number' || !(count > 0)) return 0;
  return Math.min(count, maxTokens);
}

/** No model has more; what a caller writes beyond would be refused for its price. */
const maxTokens = 10_000_000;
