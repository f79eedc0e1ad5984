import { dirname } from 'node:path';
import type { ModelClient, ModelPart, ModelUsage } from '../model/model-client.ts';
import type { Project } from '../project/project.ts';
import { compact } from './compaction/compact.ts';
import type {
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
  /** The plan or list of what is to do, read from where it is kept; stands behind a summary. */
  readonly plan?: () => string | Promise<string>;
  readonly sessionId?: string;
}

/** For a model of which nobody has said how much it takes, in tokens. */
export const defaultContextWindow = 64_000;
/** For the answer, where nobody has said how long one gets, and of the window at most. */
const defaultOutputTokens = 8_192;
const maxOutputShare = 0.25;
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

  constructor(options: ContextBuilderOptions) {
    this.#options = options;
  }

  async system(request: SystemRequest, _signal: AbortSignal): Promise<SystemContext> {
    const { project, cwd, home, isTrusted = true } = this.#options;
    const places = instructionPlaces(project, cwd, home);
    const { found, notices } = await readInstructions(places, new Set());
    this.#inSystem = new Set(found.map(({ path }) => path));
    const instructions = showInstructions(found).map(textOf);
    const parts = [
      request.base,
      ...(instructions.length > 0 ? [explainInstructions(isTrusted), ...instructions] : []),
    ];
    return { text: parts.join('\n\n'), notices };
  }

  async expand(text: string): Promise<ExpandedText> {
    return { parts: [{ type: 'text', text }], notices: [] };
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
    if (isNew) this.#ledger.clear();
    return {
      ...compacted,
      ...(record !== undefined && { compaction: record }),
      isCompacted: isNew,
    };
  }

  noteUsage(request: SentRequest, usage: ModelUsage): void {
    this.#counter.note(request, usage);
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
