import { dirname, relative } from 'node:path';
import type { ModelClient, ModelPart, ModelUsage } from '../model/model-client.ts';
import type { Project } from '../project/project.ts';
import type { CodeIndex } from '../project-index/code-index.ts';
import type { ReadGit } from '../tools/git/read-git.ts';
import { compact } from './compaction/compact.ts';
import type {
  Attachments,
  ContextBuilder,
  ContextModel,
  ExpandedText,
  PreparedRequest,
  PrepareRequest,
  SentRequest,
  SystemContext,
  SystemRequest,
} from './context-builder.ts';
import { contextPart } from './context-part.ts';
import { instructionPlaces } from './instructions/instruction-places.ts';
import { readInstructions } from './instructions/read-instructions.ts';
import { explainInstructions, showInstructions } from './instructions/show-instructions.ts';
import { ProjectMap } from './map/project-map.ts';
import { expandMentions } from './mentions/expand-mentions.ts';
import { gitText } from './mentions/git-text.ts';
import type { MentionSources } from './mentions/mention-sources.ts';
import { SentLedger } from './sent-ledger.ts';
import { TokenCounter } from './tokens/token-counter.ts';

export interface ContextBuilderOptions {
  readonly project: Project;
  /** Absolute: a folder of the project. */
  readonly cwd: string;
  /** Writes summaries. */
  readonly client: ModelClient;
  /** `$ZEKE_HOME`, where the user's own AGENTS.md is. */
  readonly home?: string;
  /** Default true: instructions of the project are followed. */
  readonly isTrusted?: boolean;
  /** Of the project: without it there is no map, and no symbols are found. */
  readonly index?: CodeIndex;
  /** What `@diag` and `@url` stand for. */
  readonly sources?: Omit<MentionSources, 'git'>;
  /** Without it `@git:diff` and `@git:status` are not there. */
  readonly readGit?: ReadGit;
  /** Of the map of the project. Default 2,000; never more than a twentieth of the window. */
  readonly mapTokens?: number;
  /** The plan or list of what is to do, read from where it is kept; stands behind a summary. */
  readonly plan?: () => string | Promise<string>;
  readonly sessionId?: string;
}

/** For a model of which nobody has said how much it takes, in tokens. */
const defaultContextWindow = 64_000;
/** For the answer, where nobody has said how long one gets, and of the window at most. */
const defaultOutputTokens = 8_192;
const maxOutputShare = 0.25;
const defaultMapTokens = 2_000;
const maxMapShare = 0.05;
/** A question waits so long for the index of its project, in milliseconds; then the map has what is there. */
const maxBuildWaitMs = 1_500;
/** Of the window: what the mentions of one message may take. */
const mentionShare = 0.25;
/** Folders whose instructions were sent on a touch, and files touched last, that are remembered. */
const maxTouched = 64;

/** The context of one session. */
export function createContextBuilder(options: ContextBuilderOptions): ContextBuilder {
  return new SessionContext(options);
}

class SessionContext implements ContextBuilder {
  readonly #options: ContextBuilderOptions;
  readonly #counter = new TokenCounter();
  readonly #ledger = new SentLedger();
  /** Files of instructions that the system prompt has, and that messages have. */
  #inSystem: ReadonlySet<string> = new Set();
  readonly #inMessages = new Set<string>();
  /** Absolute paths, the newest last. */
  readonly #touched = new Set<string>();
  readonly #map: ProjectMap | undefined;
  #mapText: string | undefined;
  /** The last that was asked for. */
  #model: ContextModel = { id: '' };

  constructor(options: ContextBuilderOptions) {
    this.#options = options;
    this.#map = options.index === undefined ? undefined : new ProjectMap(options.index);
  }

  async system(request: SystemRequest, signal: AbortSignal): Promise<SystemContext> {
    this.#model = request.model;
    const { project, cwd, home, isTrusted = true } = this.#options;
    const places = instructionPlaces(project, cwd, home);
    const { found, notices } = await readInstructions(places, new Set());
    this.#inSystem = new Set(found.map(({ path }) => path));
    const instructions = showInstructions(found).map(textOf);
    const parts = [
      request.base,
      ...(instructions.length > 0 ? [explainInstructions(isTrusted), ...instructions] : []),
      ...(await this.#mapFor(request, signal)),
    ];
    return { text: parts.join('\n\n'), notices };
  }

  async expand(text: string, attachments: Attachments, signal: AbortSignal): Promise<ExpandedText> {
    const { project, cwd, index, sources = {}, readGit, sessionId = '' } = this.#options;
    const { parts, notices } = await expandMentions(
      text,
      {
        project,
        cwd,
        ledger: this.#ledger,
        attachments,
        maxTokens: Math.floor(inputRoom(this.#model) * mentionShare),
        countTokens: (counted) => this.#counter.count(counted, this.#model.id),
        sources: {
          ...sources,
          ...(readGit !== undefined && {
            git: (what, stop) => gitText(what, readGit, { project, cwd, sessionId, signal: stop }),
          }),
        },
        ...(index !== undefined && { index }),
      },
      signal,
    );
    return { parts: [{ type: 'text', text }, ...parts], notices };
  }

  async prepare(request: PrepareRequest, signal: AbortSignal): Promise<PreparedRequest> {
    const { client, sessionId, project } = this.#options;
    const { model, system, tools, messages } = request;
    const other = { model: model.id, system, messages: [], ...(tools !== undefined && { tools }) };
    const otherTokens = this.#counter.countRequest(other);
    const budget = {
      maxTokens: Math.max(1, inputRoom(model) - otherTokens),
      countParts: (parts: readonly ModelPart[]) => this.#counter.countParts(parts, model.id),
      force: request.force ?? false,
    };
    const { record, isNew, ...compacted } = await compact(
      messages,
      request.compaction,
      {
        client,
        model: model.id,
        budget,
        otherTokens,
        extraParts: () => this.#afterSummary(),
        ...(sessionId !== undefined && { sessionId }),
        project: project.name,
      },
      signal,
    );
    if (isNew) {
      this.#ledger.clear();
      this.#mapText = undefined;
    }
    return {
      ...compacted,
      ...(record !== undefined && { compaction: record }),
      isCompacted: isNew,
    };
  }

  noteUsage(request: SentRequest, usage: ModelUsage): void {
    this.#counter.note(request, usage);
  }

  async noteChanges(paths: readonly string[]): Promise<void> {
    await isDoneSoon(this.#options.index?.update(paths));
  }

  async touch(paths: readonly string[], _signal: AbortSignal): Promise<readonly ModelPart[]> {
    for (const path of paths) {
      this.#touched.delete(path);
      this.#touched.add(path);
      const [oldest] = this.#touched;
      if (this.#touched.size > maxTouched && oldest !== undefined) this.#touched.delete(oldest);
    }
    return await this.#instructionsFor(paths);
  }

  /**
   * Weighed by the first words of the session and the files it works on. Kept until a compaction: a
   * provider's prompt cache is worth more than the newest line numbers.
   */
  async #mapFor(request: SystemRequest, signal: AbortSignal): Promise<string[]> {
    const { model, about = '', withMap = true } = request;
    const { project, index, mapTokens = defaultMapTokens } = this.#options;
    if (index === undefined || this.#map === undefined || !withMap) return [];
    if (this.#mapText === undefined) {
      const isBuilt = await isDoneSoon(index.refresh());
      const { contextWindow = defaultContextWindow } = model;
      const text = await this.#map.render(
        {
          paths: [...this.#touched].map((path) => relative(project.root, path)),
          words: new Set(about.match(/[\p{L}_$][\p{L}\p{N}_$./-]*/gu) ?? []),
          maxTokens: Math.min(mapTokens, Math.floor(contextWindow * maxMapShare)),
          countTokens: (counted) => this.#counter.count(counted, model.id),
        },
        signal,
      );
      if (!isBuilt) return shownMap(text);
      this.#mapText = text;
    }
    return shownMap(this.#mapText);
  }

  /** Instructions of the files' folders that nothing in the session holds yet. */
  async #instructionsFor(paths: readonly string[]): Promise<readonly ModelPart[]> {
    const { project } = this.#options;
    const folders = new Set(paths.map((path) => dirname(path)));
    const parts: ModelPart[] = [];
    for (const folder of folders) {
      const known = new Set([...this.#inSystem, ...this.#inMessages]);
      const places = instructionPlaces(project, folder, undefined);
      const { found } = await readInstructions(places, known);
      for (const { path } of found) this.#inMessages.add(path);
      parts.push(...showInstructions(found));
    }
    return parts;
  }

  /** What went away with the beginning and is to be there: read afresh. */
  async #afterSummary(): Promise<readonly ModelPart[]> {
    this.#inMessages.clear();
    const plan = (await this.#options.plan?.()) ?? '';
    const parts = plan.trim() === '' ? [] : [contextPart({ kind: 'plan' }, plan)];
    return [...parts, ...(await this.#instructionsFor([...this.#touched]))];
  }
}

/** False where the index takes longer, or cannot be built. */
async function isDoneSoon(work: Promise<void> = Promise.resolve()): Promise<boolean> {
  const wait = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => wait.resolve(false), maxBuildWaitMs);
  work.then(
    () => wait.resolve(true),
    () => wait.resolve(false),
  );
  return await wait.promise.finally(() => clearTimeout(timer));
}

function shownMap(text: string): string[] {
  return text === '' ? [] : [explainMap, textOf(contextPart({ kind: 'map' }, text))];
}

const explainMap =
  'An outline of the project follows: the definitions that matter most, with their first lines. It is not all there is; read files before you rely on it.';

/** Tokens that may be sent, so that the answer has room. */
function inputRoom({
  contextWindow = defaultContextWindow,
  maxOutputTokens,
}: ContextModel): number {
  const output = Math.min(maxOutputTokens ?? defaultOutputTokens, contextWindow * maxOutputShare);
  return Math.floor(contextWindow - output);
}

function textOf(part: ModelPart): string {
  return part.type === 'text' ? part.text : '';
}
