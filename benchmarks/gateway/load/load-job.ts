import type { ExpectedAnswer } from './expected-answer.ts';

/** How requests follow each other. */
export type Pace =
  /** Each connection asks again when its answer is there. */
  | { kind: 'closed'; connections: number }
  /** So many requests a second, however long answers take. */
  | { kind: 'open'; perSecond: number };

/** One measurement. */
export interface LoadJob {
  port: number;
  /** Head and body as they are sent. */
  request: string;
  expected: ExpectedAnswer;
  pace: Pace;
  /** How long to measure, after `leadInSeconds` that are not. */
  seconds: number;
  leadInSeconds: number;
  /** Ends earlier, after so many answers; then nothing is left out. */
  maxAnswers?: number;
  /** The client closes its connection after so many records of a stream. */
  leaveAfter?: number;
  /** Processes whose processor time is counted, and all that belong to the benchmark. */
  countedPids: readonly number[];
  ownPids: readonly number[];
}

/** A median and the 99th percentile, in milliseconds; null where there was nothing to measure. */
export interface Percentiles {
  p50: number | null;
  p99: number | null;
}

/** When something happened to a stream, on the clock that processes share. */
export interface StreamTime {
  /** In the mark of its prompt. */
  number: number;
  atMs: number;
}

export interface LoadResult {
  /** Answers that ended, or were left, within `seconds`. */
  answers: number;
  /** All requests sent, lead-in and tail too. */
  requests: number;
  seconds: number;
  latency: Percentiles;
  /** To the first bytes of the body. */
  firstToken: Percentiles;
  /** Between two records of a stream. */
  gap: Percentiles;
  /** How late the generator was itself. */
  lateness: Percentiles;
  /** Streams that their clients left within `seconds`. */
  left: readonly StreamTime[];
  /** Processor time of `countedPids`, in milliseconds. */
  processorMs: number;
  /** Processor time of others, as a share of one core. */
  foreignShare: number;
}

/** A single request, to see the answer. */
export interface ProbeJob {
  port: number;
  request: string;
}

export interface ProbeResult {
  status: number;
  body: string;
}

/** Streams to open, each over a connection of its own, and to leave open after their first record. */
export interface HoldJob {
  port: number;
  request: string;
  streams: number;
}

/** What goes to the generator's process and what comes back, one at a time. */
export type LoadCommand = { load: LoadJob } | { probe: ProbeJob } | { hold: HoldJob } | 'let go';
export type LoadReply =
  | { loaded: LoadResult }
  | { probed: ProbeResult }
  | { held: number }
  | { failed: string };
