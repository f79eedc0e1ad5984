import { redactText } from '@zeke/foundation';
import { estimateTokens } from '../context/tokens/estimate-tokens.ts';
import type { FillRequest, ModelRequest } from '../model/model-client.ts';
import type { CompletionRequest, RelatedText } from './completion.ts';
import type { CursorPlace } from './cursor.ts';

/** Tokens of all that a model is shown; less where its window is smaller. */
const maxPromptTokens = 3_000;
/** Of these, for other places, and for what follows the cursor. */
const relatedShare = 0.3;
const suffixShare = 0.2;
/** Tokens of an answer. */
const lineTokens = 80;
const blockTokens = 320;
/** More than tokens of code have on average. */
const charactersPerToken = 4;

const marker = '<|cursor|>';

export interface PromptOptions {
  readonly request: CompletionRequest;
  readonly place: CursorPlace;
  /** Best first. */
  readonly related: readonly RelatedText[];
  readonly model: string;
  readonly contextWindow?: number;
}

/** What a model that fills in the middle is asked: other places stand before the document, as comments. */
export function fillRequest(options: PromptOptions): FillRequest {
  const { request, place, model } = options;
  const { prefix, related, suffix } = fitting(options);
  const sign = commentSign(request.filePath);
  const comments = related.map(({ path, text }) =>
    [path, ...text.split('\n')].map((line) => `${sign} ${line}`.trimEnd()).join('\n'),
  );
  const head = [...comments.toReversed(), `${sign} ${shownPath(request)}`].join('\n');
  return {
    model,
    prefix: `${head}\n${prefix}`,
    suffix,
    maxOutputTokens: answerTokens(place),
    temperature: 0,
    ...(!place.isMultiLine && place.lineBefore.trim() !== '' && { stop: ['\n'] }),
    project: request.project.name,
  };
}

/** The same in words, for a model that does not fill. */
export function chatRequest(options: PromptOptions): ModelRequest {
  const { request, place, model } = options;
  const { prefix, related, suffix } = fitting(options);
  const others = related.map(({ path, text }) => `<file path="${path}">\n${text}\n</file>`);
  const extent = place.isMultiLine
    ? 'the rest of the statement or block that the cursor is in'
    : 'the rest of the line';
  const names = request.context?.lspSymbols?.slice(0, 40).join(', ') ?? '';
  const words = [
    ...(others.length > 0 ? ['Other places of the project:', ...others] : []),
    ...(names === '' ? [] : [`Names in scope: ${names}`]),
    `The file ${shownPath(request)}${request.language ? ` (${request.language})` : ''}:`,
    `<document>\n${bare(prefix)}${marker}${bare(suffix)}\n</document>`,
    `Write what goes in at ${marker}: ${extent}. Nothing that stands before or after it, no fence, no words about it.`,
  ];
  return {
    model,
    system:
      'You complete code at a cursor, as an editor does while somebody types. You answer with the text that is to be inserted there and with nothing else; with nothing at all where no completion is plain.',
    messages: [{ role: 'user', parts: [{ type: 'text', text: words.join('\n') }] }],
    maxOutputTokens: answerTokens(place),
    effort: 'low',
    intent: 'code',
    project: request.project.name,
  };
}

function answerTokens({ isMultiLine }: CursorPlace): number {
  return isMultiLine ? blockTokens : lineTokens;
}

/** The end of what stands before, the beginning of what follows, and of other places what is left. */
function fitting({ contextWindow, place, related, request }: PromptOptions) {
  const room = (contextWindow ?? Number.POSITIVE_INFINITY) - answerTokens(place) - 200;
  const tokens = Math.max(200, Math.min(maxPromptTokens, room));
  const suffix = head(request.suffix, tokens * suffixShare);
  const kept: RelatedText[] = [];
  let left = tokens * relatedShare;
  for (const { path, text } of related) {
    const shown = redactText(text);
    left -= estimateTokens(shown) + 10;
    if (left < 0) break;
    kept.push({ path, text: shown });
  }
  const used = estimateTokens(suffix) + tokens * relatedShare - Math.max(0, left);
  return { prefix: tail(request.prefix, tokens - used), suffix, related: kept };
}

/** Whole lines from the end, as far as the tokens go. */
function tail(text: string, tokens: number): string {
  let from = Math.max(0, text.length - Math.floor(tokens * charactersPerToken));
  while (from < text.length && estimateTokens(text.slice(from)) > tokens) {
    from += Math.max(1, Math.ceil((text.length - from) / 8));
  }
  if (from === 0) return text;
  const line = text.indexOf('\n', from);
  return line < 0 ? text.slice(from) : text.slice(line + 1);
}

function head(text: string, tokens: number): string {
  let to = Math.min(text.length, Math.floor(tokens * charactersPerToken));
  while (to > 0 && estimateTokens(text.slice(0, to)) > tokens) to -= Math.max(1, Math.ceil(to / 8));
  if (to === text.length) return text;
  const line = text.lastIndexOf('\n', to);
  return text.slice(0, line < 0 ? to : line + 1);
}

function bare(text: string): string {
  return text.replaceAll(marker, '');
}

function shownPath({ filePath, project }: CompletionRequest): string {
  const { root } = project;
  return filePath.startsWith(`${root}/`) ? filePath.slice(root.length + 1) : filePath;
}

function commentSign(path: string): string {
  if (
    /\.(?:pyi?|sh|bash|zsh|rb|ya?ml|toml|r|pl|ex|exs|nix|cmake)$|(?:^|\/)(?:Makefile|Dockerfile)$/i.test(
      path,
    )
  ) {
    return '#';
  }
  return /\.(?:lua|sql|hs|elm|adb|vhdl?)$/i.test(path) ? '--' : '//';
}
