import { RpcError } from '@zeke/rpc';
import type { ModelPart } from '../../model/model-client.ts';
import type { Project } from '../../project/project.ts';
import type { CodeIndex } from '../../project-index/code-index.ts';
import type { Definition } from '../../project-index/symbol-table.ts';
import { pickChunks } from '../chunks/pick-chunks.ts';
import { cutText } from '../compaction/cut-text.ts';
import type { Attachments } from '../context-builder.ts';
import { contextPart } from '../context-part.ts';
import { readText } from '../read-text.ts';
import type { SentLedger } from '../sent-ledger.ts';
import { findMentions, type LineRange, type Mention } from './find-mentions.ts';
import { candidatesFor, listFolder } from './find-paths.ts';
import type { MentionSources } from './mention-sources.ts';

export interface ExpandOptions {
  readonly project: Project;
  /** Absolute: relative paths start here, and at the project's root. */
  readonly cwd: string;
  readonly index?: CodeIndex;
  readonly sources: MentionSources;
  readonly ledger: SentLedger;
  readonly attachments: Attachments;
  /** For all that is put in. */
  readonly maxTokens: number;
  readonly countTokens: (text: string) => number;
}

export interface ExpandedMentions {
  readonly parts: readonly ModelPart[];
  readonly notices: readonly string[];
}

/** Of a file that is mentioned; a larger one is read up to here. */
const maxFileBytes = 2 * 1024 * 1024;
/** Definitions of one name that are shown, and names of candidates. */
const maxSymbols = 5;
const maxCandidates = 8;
/** A smaller rest of the budget is not worth a part. */
const minTokens = 50;

/**
 * What the mentions of a text stand for, each a part, within a budget: of large files the parts that have
 * to do with the text, of files that were sent before what has changed. What cannot be found is told in
 * a notice and, so that nobody guesses, to the model. Throws only when it is canceled.
 */
export async function expandMentions(
  text: string,
  options: ExpandOptions,
  signal: AbortSignal,
): Promise<ExpandedMentions> {
  const expansion = new Expansion(text, options, signal);
  for (const mention of findMentions(text)) await expansion.add(mention);
  return expansion;
}

class Expansion implements ExpandedMentions {
  readonly parts: ModelPart[] = [];
  readonly notices: string[] = [];
  readonly #question: string;
  readonly #options: ExpandOptions;
  readonly #signal: AbortSignal;
  #room: number;

  constructor(question: string, options: ExpandOptions, signal: AbortSignal) {
    this.#question = question;
    this.#options = options;
    this.#signal = signal;
    this.#room = options.maxTokens;
  }

  async add(mention: Mention): Promise<void> {
    if (this.#signal.aborted) throw new RpcError('canceled', 'mentions were not looked up');
    switch (mention.kind) {
      case 'file':
        return await this.#addFile(mention.raw, mention.path, mention.lines);
      case 'dir':
        return await this.#addFolder(mention.raw, mention.path);
      case 'symbol':
        return await this.#addSymbol(mention.raw, mention.name);
      case 'name':
        return await this.#addName(mention.raw, mention.name, mention.lines);
      case 'buffer':
      case 'selection':
        return this.#addAttachment(mention.kind, mention.raw);
      default:
        return await this.#addFromSource(mention);
    }
  }

  /** A word may be anything, as the name of a person: it counts only where the project has it. */
  async #addName(raw: string, name: string, lines: LineRange | undefined): Promise<void> {
    const { index } = this.#options;
    if (index?.table.find(name).length) return await this.#addSymbol(raw, name);
    const paths = candidatesFor(index?.files() ?? [], name);
    if (paths.length > 0) await this.#addFile(raw, name, lines);
  }

  async #addFile(raw: string, asked: string, lines: LineRange | undefined): Promise<void> {
    const read = await this.#readFile(asked);
    if (read.kind !== 'text') return this.#tellMissing(raw, read.reason);
    const { shown, text } = read;
    if (read.isCut) this.notices.push(`${raw}: ${shown} is read up to ${maxFileBytes} bytes.`);
    if (lines !== undefined) return this.#addLines(raw, shown, text, lines);
    const telling = this.#options.ledger.tell(shown, text);
    if (telling.kind === 'unchanged') {
      return this.#addPart({ kind: 'file', path: shown, state: 'unchanged' }, unchanged);
    }
    if (telling.kind === 'changed') {
      this.#addPart({ kind: 'file', path: shown, state: 'changed' }, telling.diff);
      this.#options.ledger.note(shown, text);
      return;
    }
    const { index, countTokens } = this.#options;
    const definitions = index?.table.definitionsIn(shown) ?? [];
    const question = this.#question.replaceAll(raw, '');
    const maxTokens = Math.max(this.#room, 0);
    const picked = pickChunks(text, { definitions, question, maxTokens, countTokens });
    if (picked.isWhole && !read.isCut) this.#options.ledger.note(shown, text);
    else if (!picked.isWhole) {
      this.notices.push(`${raw}: ${shown} is too long, only parts of it are sent.`);
    }
    this.#addPart(
      { kind: 'file', path: shown, ...(!picked.isWhole && { state: 'parts' }) },
      picked.text,
    );
  }

  async #readFile(asked: string) {
    const { project, cwd, index } = this.#options;
    const first = await readText({ project, cwd }, asked, maxFileBytes);
    if (first.kind !== 'missing') return first;
    const paths = candidatesFor(index?.files() ?? [], asked);
    const [only] = paths;
    if (only === undefined) return first;
    if (paths.length > 1) {
      const reason = `it may be any of ${listed(paths)}`;
      return { kind: 'missing', shown: asked, reason } as const;
    }
    return await readText({ project, cwd: project.root }, only, maxFileBytes);
  }

  #addLines(raw: string, path: string, text: string, { first, last }: LineRange): void {
    const lines = text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    if (first > lines.length) {
      this.#tellMissing(raw, `${path} has only ${lines.length} lines`);
      return;
    }
    const end = Math.min(last, lines.length);
    const range = { kind: 'file', path, lines: `${first}-${end}` };
    this.#addPart(range, lines.slice(first - 1, end).join('\n'));
  }

  async #addFolder(raw: string, asked: string): Promise<void> {
    const { project, cwd, index } = this.#options;
    const folder = await listFolder({ project, cwd }, asked, index?.files());
    if ('reason' in folder) return this.#tellMissing(raw, folder.reason);
    this.#addPart({ kind: 'folder', path: folder.shown }, folder.text);
  }

  async #addSymbol(raw: string, name: string): Promise<void> {
    const { index, project } = this.#options;
    const found = index?.table.find(name) ?? [];
    if (found.length === 0) {
      return this.#tellMissing(raw, 'nothing in the index of the project has this name');
    }
    if (found.length > maxSymbols) {
      const places = found.map(({ path, firstLine }) => `${path}:${firstLine}`);
      this.notices.push(`${raw} has ${found.length} definitions: ${listed(places)}.`);
    }
    for (const definition of found.slice(0, maxSymbols)) {
      const { path, firstLine, lastLine } = definition;
      const read = await readText({ project, cwd: project.root }, path, maxFileBytes);
      if (read.kind !== 'text') continue;
      const lines = read.text.split('\n').slice(firstLine - 1, lastLine);
      this.#addPart(placeOf(definition), lines.join('\n'));
    }
  }

  #addAttachment(kind: 'buffer' | 'selection', raw: string): void {
    const attached = this.#options.attachments[kind];
    if (attached === undefined) {
      this.#tellMissing(raw, 'no editor sent one');
      return;
    }
    const lines =
      'firstLine' in attached ? { lines: `${attached.firstLine}-${attached.lastLine}` } : {};
    this.#addPart({ kind, path: attached.path, ...lines }, attached.text);
  }

  async #addFromSource(mention: Extract<Mention, { kind: 'url' | 'diag' | 'git' }>): Promise<void> {
    const { raw } = mention;
    try {
      const text = await this.#fromSource(mention);
      if (text === undefined) return this.#tellMissing(raw, 'it is not available here');
      const facts = { kind: mention.kind, of: raw.slice(1) };
      this.#addPart(facts, text.trim() === '' ? '(nothing)' : text);
    } catch (error) {
      if (this.#signal.aborted) throw error;
      this.#tellMissing(raw, RpcError.from(error).message);
    }
  }

  async #fromSource(
    mention: Extract<Mention, { kind: 'url' | 'diag' | 'git' }>,
  ): Promise<string | undefined> {
    const { sources } = this.#options;
    if (mention.kind === 'url') return await sources.fetchUrl?.(mention.url, this.#signal);
    if (mention.kind === 'git') return await sources.git?.(mention.what, this.#signal);
    if (mention.path === undefined) return await sources.diagnostics?.(undefined, this.#signal);
    const read = await this.#readFile(mention.path);
    if (read.kind !== 'text') throw new RpcError('not_found', read.reason);
    return await sources.diagnostics?.(read.path, this.#signal);
  }

  #tellMissing(raw: string, reason: string): void {
    this.notices.push(`${raw}: ${reason}.`);
    this.parts.push(contextPart({ kind: 'not-found', of: raw }, reason));
  }

  #addPart(facts: Parameters<typeof contextPart>[0], text: string): void {
    const { countTokens } = this.#options;
    const tokens = countTokens(text);
    if (this.#room < minTokens) {
      this.notices.push(`${facts.path ?? facts.of ?? facts.kind} is left out: there is no room.`);
      this.parts.push(contextPart({ ...facts, state: 'left-out' }, 'There was no room for it.'));
      return;
    }
    const length = Math.floor((text.length * this.#room) / Math.max(tokens, 1));
    const fitting = tokens <= this.#room ? text : cutText(text, length * 0.6, length * 0.3);
    if (fitting !== text) {
      this.notices.push(`${facts.path ?? facts.of ?? facts.kind} is cut in the middle to fit.`);
    }
    this.#room -= countTokens(fitting);
    this.parts.push(contextPart(facts, fitting));
  }
}

const unchanged = 'It is as it was sent before in this conversation.';

function placeOf({ name, kind, path, firstLine, lastLine }: Definition) {
  return { kind: 'symbol', name, is: kind, path, lines: `${firstLine}-${lastLine}` };
}

function listed(names: readonly string[]): string {
  const more = names.length - maxCandidates;
  const shown = names.slice(0, maxCandidates).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}
