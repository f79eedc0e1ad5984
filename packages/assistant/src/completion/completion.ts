import type { Project } from '../project/project.ts';

/** A cursor in a document, and what is known around it. */
export interface CompletionRequest {
  readonly project: Project;
  /** Absolute. The file need not exist. */
  readonly filePath: string;
  /** As editors name it; else the path tells. */
  readonly language?: string;
  /** The document before the cursor, and after it. */
  readonly prefix: string;
  readonly suffix: string;
  readonly context?: EditorContext;
  /** A model instead of the configured one. */
  readonly model?: string;
  /** `explicit`: somebody asked for it, so that no pause in the typing is waited for. */
  readonly trigger?: 'typing' | 'explicit';
  /** No model is asked. */
  readonly localOnly?: boolean;
}

/** What an editor tells beside the document; all of it may be empty. */
export interface EditorContext {
  /** Names that are in scope at the cursor, as its language server has them. */
  readonly lspSymbols?: readonly string[];
  readonly gitStatus?: string;
  readonly projectFiles?: readonly string[];
  /** What else is open, the last one first. */
  readonly openDocuments?: readonly { readonly filePath: string; readonly text: string }[];
}

export interface Completion {
  /** For `feedback`. */
  readonly id: string;
  /** Goes in at the cursor; empty where nothing is worth showing. */
  readonly completion: string;
  /** From 0 to 1: how often one like this is taken as it is. */
  readonly confidence: number;
  /** `local`, or the provider that answered. */
  readonly provider: string;
  /** Without the provider. */
  readonly model?: string;
  /** `stream`: out of a model's answer that was under way already. */
  readonly source: CompletionSource;
  /** From the request to this. */
  readonly latencyMs: number;
  /** A model is configured, and none can be reached. */
  readonly isDegraded: boolean;
  /** Nothing follows in its stream. */
  readonly isLast: boolean;
}

export type CompletionSource = 'local' | 'model' | 'cache' | 'stream';

export type CompletionOutcome = 'shown' | 'accepted' | 'rejected';

/** A piece of another place that helps at the cursor. */
export interface RelatedText {
  /** Relative to the project's root. */
  readonly path: string;
  readonly text: string;
}

/** Where related texts come from. Never throws for want of something, and is quick: it is waited for. */
export interface RelatedTexts {
  related(request: CompletionRequest, signal: AbortSignal): Promise<readonly RelatedText[]>;
}
