import type { MetricFamily } from '@zeke/foundation';

/** What is said of a zeke that is ready, to people who start it. */
export interface Greeting {
  /** `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The same, or loopback where it listens on all addresses. */
  readonly localUrl: string;
  readonly rpc?: {
    readonly url?: string | undefined;
    readonly quicUrl?: string | undefined;
    readonly socket?: string | undefined;
  };
  /** The names of its providers. */
  readonly providers: readonly string[];
  readonly requireAuth: boolean;
}

/** What a worker says to its supervisor. Both are the same program: nothing else writes there. */
export type WorkerMessage =
  | { readonly kind: 'ready'; readonly greeting: Greeting }
  /** It was asked for the metrics of all. */
  | { readonly kind: 'gather'; readonly id: number }
  /** Its own, as it was asked. */
  | { readonly kind: 'families'; readonly id: number; readonly families: readonly MetricFamily[] };

/** What a supervisor says to a worker. */
export type SupervisorMessage =
  | { readonly kind: 'reload' }
  | { readonly kind: 'stop' }
  /** Tell your own metrics. */
  | { readonly kind: 'give'; readonly id: number }
  /** Those of the others. */
  | {
      readonly kind: 'gathered';
      readonly id: number;
      readonly families: readonly (readonly MetricFamily[])[];
    };
