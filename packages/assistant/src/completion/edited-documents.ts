import type { AnswerStream } from './answer-stream.ts';
import type { CompletionRequest } from './completion.ts';
import { RecentEdits } from './recent-edits.ts';
import { TypingPace } from './typing-pace.ts';

/** Documents of which something is remembered; the one used longest ago goes first. */
const maxDocuments = 64;
const maxProjects = 32;

/** One document that somebody writes in. */
export class EditedDocument {
  readonly key: string;
  readonly pace = new TypingPace();
  /** Of all documents of the project. */
  readonly edits: RecentEdits;
  /** What was asked last, and as the how manieth request of all. */
  last: { readonly turn: number; readonly request: CompletionRequest } | undefined;
  #answer: { readonly model: string; readonly stream: AnswerStream } | undefined;
  #turn: AbortController | undefined;

  constructor(key: string, edits: RecentEdits) {
    this.key = key;
    this.edits = edits;
  }

  /** The request before this one is not waited for any more. */
  supersede(turn: AbortController): void {
    this.#turn?.abort();
    this.#turn = turn;
  }

  /** The answer under way, or just ended, that what is typed agrees with. Another one is stopped. */
  answerFor(model: string, prefix: string, suffix: string): AnswerStream | undefined {
    const { stream, model: asked } = this.#answer ?? {};
    const isUsable = stream?.state === 'running' || stream?.state === 'whole';
    if (isUsable && asked === model && stream?.restFor(prefix, suffix) !== undefined) return stream;
    stream?.stop();
    return undefined;
  }

  setAnswer(model: string, stream: AnswerStream): void {
    this.#answer?.stream.stop();
    this.#answer = { model, stream };
  }

  /** Stops what is under way. */
  async close(): Promise<void> {
    this.#turn?.abort();
    this.#answer?.stream.stop();
    await this.#answer?.stream.ended;
  }
}

/** The documents that completions were asked for, the last ones. */
export class EditedDocuments implements AsyncDisposable {
  readonly #documents = new Map<string, EditedDocument>();
  readonly #edits = new Map<string, RecentEdits>();
  readonly #closing = new Set<Promise<void>>();

  open({ filePath, project }: CompletionRequest): EditedDocument {
    const key = `${project.root}\0${filePath}`;
    const known = this.#documents.get(key);
    this.#documents.delete(key);
    const document = known ?? new EditedDocument(key, this.#editsOf(project.root));
    this.#documents.set(key, document);
    const [oldest] = this.#documents;
    if (this.#documents.size > maxDocuments && oldest !== undefined) this.#close(...oldest);
    return document;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of [...this.#documents]) this.#close(...each);
    await Promise.all(this.#closing);
  }

  #close(key: string, document: EditedDocument): void {
    this.#documents.delete(key);
    const closing = document.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  #editsOf(root: string): RecentEdits {
    const edits = this.#edits.get(root) ?? new RecentEdits();
    this.#edits.delete(root);
    this.#edits.set(root, edits);
    const [oldest] = this.#edits.keys();
    if (this.#edits.size > maxProjects && oldest !== undefined) this.#edits.delete(oldest);
    return edits;
  }
}
