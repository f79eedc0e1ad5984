import type { FileOutcome, FileStamp } from './read-file-symbols.ts';

/** Parse files of one project, and answer in batches. */
export interface ParseRequest {
  readonly id: number;
  /** Absolute, links resolved. */
  readonly root: string;
  /** Relative to the root, with what is known of each. */
  readonly files: readonly { readonly path: string; readonly stamp?: FileStamp }[];
  /** Where outcomes are kept from one start to the next: read before, written after. */
  readonly cacheFile?: string;
}

/** Outcomes of some of the files, in the order of the request; `isLast` says that all have come. */
export interface ParseAnswer {
  readonly id: number;
  readonly outcomes: readonly { readonly path: string; readonly outcome: FileOutcome }[];
  readonly isLast: boolean;
}

/** First of all messages: from then on requests are heard. */
export interface WorkerReady {
  readonly isReady: true;
}

/** A request is not to be finished. */
export interface CancelRequest {
  readonly cancel: number;
}
