import type { Logger, Metrics } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { ModelClient } from '../model/model-client.ts';
import type { Project } from '../project/project.ts';
import { AnswerStream } from './answer-stream.ts';
import { ModelAsker } from './ask-model.ts';
import type {
  Completion,
  CompletionOutcome,
  CompletionRequest,
  CompletionSource,
  RelatedText,
  RelatedTexts,
} from './completion.ts';
import { CompletionCache } from './completion-cache.ts';
import { type CompletionMetrics, completionMetrics } from './completion-metrics.ts';
import { type CursorPlace, cursorPlace } from './cursor.ts';
import { type EditedDocument, EditedDocuments } from './edited-documents.ts';
import { GatheredTexts } from './gathered-texts.ts';
import type { LocalCompletionRequest } from './local/local-completer.ts';
import type { LocalSuggestion } from './local/suggest.ts';
import { type CompletionTraits, ModelConfidence } from './model-confidence.ts';
import { ModelReach } from './model-reach.ts';

/** Longer documents are completed by nobody. */
const maxDocumentCharacters = 4_000_000;
/** Completions whose outcome may still be told. */
const maxRecent = 1_000;
/** Until a model was heard, it is taken to begin its answer after this. */
const unknownModelMs = 300;
/** How much the newest answer counts for how long a model takes. */
const weight = 0.3;

export interface CompleterOptions {
  /** The local completer of a project; undefined where there is none. */
  readonly local: (project: Project) => LocalCompletions | undefined;
  readonly models: ModelClient;
  /** Asked where a request names none; undefined: then no model is. */
  readonly model?: string;
  /** Other places that help, such as definitions. */
  readonly related?: readonly RelatedTexts[];
  readonly cache: { readonly maxEntries: number; readonly ttlMs: number };
  /** How long one completion may take in all. Default 5 s. */
  readonly timeoutMs?: number;
  readonly metrics?: Metrics;
  readonly log: Logger;
  /** In milliseconds since the epoch; default `Date.now`. */
  readonly now?: () => number;
}

/** What is needed of a `LocalCompleter`. */
interface LocalCompletions {
  complete(request: LocalCompletionRequest): { readonly suggestions: readonly LocalSuggestion[] };
}

export interface CompleterStatus {
  readonly model?: string;
  /** Why the model was not there when it was asked last; undefined: it was, or nobody asked. */
  readonly unreachable?: string;
  /** How long it takes to begin its answer, about. */
  readonly modelMs: number;
  readonly cacheEntries: number;
  readonly cacheBytes: number;
}

interface Shown {
  readonly turn: number;
  readonly source: CompletionSource;
  readonly traits: CompletionTraits | undefined;
  readonly document: EditedDocument;
  readonly text: string;
}

/**
 * Completions at a cursor: the local completer's at once, and the model's when it is there. Asks a model
 * after a pause in the typing; keeps its answers; goes on with one that is under way while the typing
 * agrees with it; prepares the next one when one is taken. Without a model that can be reached the local
 * ones remain, marked `isDegraded`, and the model is tried again by itself.
 */
export class Completer implements AsyncDisposable {
  readonly #options: CompleterOptions;
  readonly #now: () => number;
  readonly #asker: ModelAsker;
  readonly #reach: ModelReach;
  readonly #cache: CompletionCache;
  readonly #documents = new EditedDocuments();
  readonly #confidence = new ModelConfidence();
  readonly #gathered: GatheredTexts;
  readonly #metrics: CompletionMetrics | undefined;
  readonly #recent = new Map<string, Shown>();
  /** Preparations of the next completion. */
  readonly #preparing = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  #modelMs = unknownModelMs;
  #turns = 0;
  #ids = 0;

  constructor(options: CompleterOptions) {
    const { cache, metrics, models, now = Date.now, related = [] } = options;
    this.#options = options;
    this.#now = now;
    this.#asker = new ModelAsker(models, now);
    this.#reach = new ModelReach(now);
    this.#cache = new CompletionCache({ ...cache, now });
    this.#gathered = new GatheredTexts(related);
    this.#metrics = metrics && completionMetrics(metrics);
  }

  get status(): CompleterStatus {
    const { model } = this.#options;
    const { reason } = this.#reach;
    return {
      ...(model !== undefined && { model }),
      ...(reason !== undefined && { unreachable: reason }),
      modelMs: Math.round(this.#modelMs),
      cacheEntries: this.#cache.size,
      cacheBytes: this.#cache.bytes,
    };
  }

  /** The best there is in time: a model's, else the local one. Throws only `canceled`. */
  async complete(request: CompletionRequest, signal: AbortSignal): Promise<Completion> {
    for await (const completion of this.stream(request, signal)) {
      if (completion.isLast) return completion;
    }
    throw new RpcError('internal', 'a stream of completions had no last one');
  }

  /**
   * The local completion first, then the model's as it grows: each takes the place of the one before, and
   * the last is marked. A newer request for the same document ends it with the local one. Throws only
   * `canceled`, when the signal is aborted.
   */
  async *stream(request: CompletionRequest, signal: AbortSignal): AsyncGenerator<Completion> {
    const begun = this.#begin(request);
    const { document, model } = begun;
    const superseded = new AbortController();
    if (model !== undefined) {
      document.supersede(superseded);
      const cached = this.#cache.get({ ...request, document: documentKey(document, model) });
      if (cached !== undefined) {
        return yield this.#answer(begun, { ...cached, source: 'cache' }, true);
      }
    }
    const local = this.#local(request);
    const turn: Turn = { ...begun, local };
    if (model === undefined) return yield this.#answer(turn, local, true);
    const leaving = AbortSignal.any([signal, superseded.signal]);
    // Asked before the local one is told, since whoever reads that may take their time.
    const asked = this.#ask(turn, leaving);
    asked.catch(() => {});
    if (local.text !== '') yield this.#answer(turn, local, false);
    try {
      yield* this.#modelAnswers(turn, asked, leaving);
    } catch (reason) {
      if (signal.aborted) throw new RpcError('canceled', 'the completion was canceled');
      if (!leaving.aborted) throw reason;
      yield this.#answer(turn, local, true);
    }
  }

  /**
   * What became of a completion. One that is taken has the next prepared. An id that is not known (any
   * more) does nothing.
   */
  feedback(id: string, outcome: CompletionOutcome): void {
    const shown = this.#recent.get(id);
    if (shown === undefined) return;
    const { document, source, text, traits, turn } = shown;
    this.#metrics?.outcome(source, outcome);
    if (outcome === 'shown') return;
    this.#recent.delete(id);
    if (traits !== undefined) this.#confidence.note(traits, outcome === 'accepted');
    const { last } = document;
    if (outcome !== 'accepted' || last?.turn !== turn || this.#closing.signal.aborted) return;
    const next = { ...last.request, prefix: last.request.prefix + text };
    const preparing = this.#prepare(next, document, turn).finally(() => {
      this.#preparing.delete(preparing);
    });
    this.#preparing.add(preparing);
  }

  /** Stops all answers that are under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new RpcError('unavailable', 'completion is being stopped'));
    await Promise.all(this.#preparing);
    await this.#documents[Symbol.asyncDispose]();
  }

  #begin(request: CompletionRequest): Begun {
    const startedAt = this.#now();
    const { prefix, suffix, trigger } = request;
    const document = this.#documents.open(request);
    if (trigger !== 'explicit') document.pace.note(startedAt);
    const isTooLong = isTooLongFor(request);
    if (!isTooLong) document.edits.note(request.filePath, prefix + suffix);
    const place = cursorPlace(prefix, suffix);
    const isModelFree = isTooLong || place.isInWord || request.localOnly === true;
    const model = isModelFree ? undefined : (request.model ?? this.#options.model);
    const number = ++this.#turns;
    document.last = { turn: number, request };
    const counted = new Set<CompletionSource>();
    const begun = { number, request, document, place, startedAt, counted };
    return { ...begun, ...(model !== undefined && { model }) };
  }

  #local(request: CompletionRequest): Answer {
    const [best] = isTooLongFor(request) ? [] : this.#suggestions(request);
    const { confidence = 0, text = '' } = best ?? {};
    return { text, confidence, source: 'local', provider: 'local' };
  }

  #suggestions({ filePath, language, prefix, project, suffix }: CompletionRequest) {
    const completer = this.#options.local(project);
    if (completer === undefined) return [];
    const given = language === undefined ? {} : { language };
    return completer.complete({ path: filePath, prefix, suffix, limit: 1, ...given }).suggestions;
  }

  /** Tells an answer as it grows, and goes on with a new one where it turns out to disagree. */
  async *#modelAnswers(
    turn: Turn,
    asked: Promise<AskedAnswer>,
    leaving: AbortSignal,
  ): AsyncGenerator<Completion> {
    const { local, request } = turn;
    const { prefix, suffix } = request;
    const { answer, source } = await asked;
    if (answer === undefined) return yield this.#answer(turn, local, true, true);
    let told = '';
    while (answer.state === 'running') {
      const rest = answer.restFor(prefix, suffix);
      if (rest === undefined) break;
      if (rest === '' || rest === told) await orLeft(answer.changed(), leaving);
      else {
        told = rest;
        yield this.#answer(turn, this.#of(turn, answer, rest, source), false);
      }
    }
    const isFailed = answer.failure !== undefined;
    const rest = isFailed ? '' : answer.restFor(prefix, suffix);
    if (rest === undefined) {
      return yield* this.#modelAnswers(turn, this.#ask(turn, leaving), leaving);
    }
    const last = rest === '' ? local : this.#of(turn, answer, rest, source);
    yield this.#answer(turn, last, true, isFailed);
  }

  /** The answer under way that agrees, or a new one. Rejects when somebody leaves. */
  async #ask(turn: Turn, leaving: AbortSignal): Promise<AskedAnswer> {
    const { document, model = '', request } = turn;
    const running = document.answerFor(model, request.prefix, request.suffix);
    if (running !== undefined) return { answer: running, source: 'stream' };
    return { answer: await this.#startAfterPause(turn, model, leaving), source: 'model' };
  }

  async #startAfterPause(
    turn: Turn,
    model: string,
    leaving: AbortSignal,
  ): Promise<AnswerStream | undefined> {
    const { document, request } = turn;
    if (this.#reach.isResting) return undefined;
    const related = this.#gathered.gather(request, document.edits, leaving);
    if (request.trigger !== 'explicit') {
      await pause(document.pace.waitMs(this.#modelMs), leaving);
    }
    return this.#start(turn, model, await orLeft(related, leaving));
  }

  /** Undefined where the model rests after failures. */
  #start(turn: Turn, model: string, related: readonly RelatedText[]): AnswerStream | undefined {
    const { document, place, request } = turn;
    if (!this.#reach.mayAsk()) return undefined;
    const { prefix, suffix } = request;
    const askedAt = this.#now();
    const prompt = { request, place, related, model };
    const { timeoutMs = 5_000 } = this.#options;
    const limitMs = Math.max(1, timeoutMs - (askedAt - turn.startedAt));
    const ask = (signal: AbortSignal) => this.#asker.ask(prompt, signal);
    const answer = new AnswerStream({ prefix, suffix, place, model, limitMs, ask });
    document.setAnswer(model, answer);
    void answer.changed().then(() => {
      if (answer.failure === undefined) this.#noteModelMs(this.#now() - askedAt);
    });
    void answer.ended.then(() => this.#noteEnd(turn, model, answer));
    return answer;
  }

  #noteModelMs(firstMs: number): void {
    this.#modelMs += weight * (firstMs - this.#modelMs);
  }

  #noteEnd(turn: Turn, model: string, answer: AnswerStream): void {
    const { failure, state, text } = answer;
    if (failure !== undefined) {
      this.#reach.noteFailure(failure);
      this.#options.log.debug('a model did not complete', { model, err: failure });
    } else if (state === 'stopped') this.#reach.noteNothing();
    else {
      this.#reach.noteAnswer();
      const { confidence, provider, model: name = '' } = this.#of(turn, answer, text, 'model');
      const place = { ...turn.request, document: documentKey(turn.document, model) };
      this.#cache.set(place, { text, provider, model: name, confidence });
    }
  }

  /** Asks for what comes after a completion that was taken, unless somebody types on meanwhile. */
  async #prepare(request: CompletionRequest, document: EditedDocument, number: number) {
    const { prefix, suffix } = request;
    const model = request.model ?? this.#options.model;
    const place = cursorPlace(prefix, suffix);
    if (model === undefined || request.localOnly === true || place.isInWord) return;
    const { signal } = this.#closing;
    const related = await this.#gathered.gather(request, document.edits, signal);
    if (signal.aborted || document.last?.turn !== number) return;
    if (document.answerFor(model, prefix, suffix) !== undefined) return;
    const cached = this.#cache.get({ ...request, document: documentKey(document, model) });
    if (cached !== undefined) return;
    const local: Answer = { text: '', confidence: 0, source: 'local', provider: 'local' };
    const counted = new Set<CompletionSource>();
    this.#start(
      { number, request, document, place, startedAt: this.#now(), local, counted },
      model,
      related,
    );
  }

  #of(turn: Turn, answer: AnswerStream, text: string, source: CompletionSource): Answer {
    const { local } = turn;
    const traits: CompletionTraits = {
      lines: text.split('\n').length,
      characters: text.length,
      agreesWithLocal:
        local.text !== '' && (text.startsWith(local.text) || local.text.startsWith(text)),
      isWhole: answer.state === 'whole',
      isFill: !answer.isChat,
    };
    const slash = answer.model.indexOf('/');
    return {
      text,
      traits,
      source,
      confidence: this.#confidence.of(traits),
      provider: slash < 0 ? answer.model : answer.model.slice(0, slash),
      model: answer.model.slice(slash + 1),
    };
  }

  #answer(turn: Begun, answer: Answer, isLast: boolean, isUnreachable = false): Completion {
    const { counted, document, number, startedAt, model: asked } = turn;
    const { confidence, model, provider, source, text, traits } = answer;
    const id = `${++this.#ids}`;
    const latencyMs = Math.max(0, this.#now() - startedAt);
    if ((isLast || source === 'local') && !counted.has(source)) {
      counted.add(source);
      this.#metrics?.answered(source, latencyMs, text === '');
    }
    if (text !== '') {
      this.#recent.set(id, { turn: number, source, traits, document, text });
      const [oldest] = this.#recent.keys();
      if (this.#recent.size > maxRecent && oldest !== undefined) this.#recent.delete(oldest);
    }
    return {
      id,
      completion: text,
      confidence,
      provider,
      ...(model !== undefined && { model }),
      source,
      latencyMs,
      isDegraded:
        isUnreachable ||
        (asked !== undefined && this.#reach.reason !== undefined && source === 'local'),
      isLast,
    };
  }
}

interface Begun {
  /** Counts the requests. */
  readonly number: number;
  /** Sources whose time is counted already: a stand-in is not counted again when it has to stay. */
  readonly counted: Set<CompletionSource>;
  readonly request: CompletionRequest;
  readonly document: EditedDocument;
  readonly place: CursorPlace;
  readonly startedAt: number;
  /** Undefined where no model is asked. */
  readonly model?: string;
}

/** One that nothing was kept for. */
interface Turn extends Begun {
  readonly local: Answer;
}

interface AskedAnswer {
  /** Undefined where the model rests after failures. */
  readonly answer: AnswerStream | undefined;
  readonly source: CompletionSource;
}

interface Answer {
  readonly text: string;
  readonly confidence: number;
  readonly source: CompletionSource;
  readonly provider: string;
  readonly model?: string;
  readonly traits?: CompletionTraits;
}

function isTooLongFor({ prefix, suffix }: CompletionRequest): boolean {
  return prefix.length + suffix.length > maxDocumentCharacters;
}

function documentKey({ key }: EditedDocument, model: string): string {
  return `${key}\0${model}`;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  return orLeft(promise, signal).finally(() => clearTimeout(timer));
}

/** Rejects when somebody leaves; the work goes on. */
function orLeft<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
