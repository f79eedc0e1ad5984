import type { FaultTls, TransportName } from './transport-table.ts';

/** What a scenario may know and say. */
export interface ScenarioContext {
  readonly tls: FaultTls;
  /** Those to be tried, where a scenario is about transports. */
  readonly transports: readonly TransportName[];
  /** How long it may take where it has no end of its own, in minutes. */
  readonly minutes: number;
  /** Of what looks random. */
  readonly seed: number;
  /** A line for who reads along: a measurement, or how far it has come. */
  report(line: string): void;
}

/** A fault, and what must be true of it. */
export interface Scenario {
  readonly title: string;
  /** @throws Error that says what was not as it must be; `Skipped` where the machine cannot do it. */
  run(context: ScenarioContext): Promise<void>;
}

/** The machine has not what a scenario needs. */
export class Skipped extends Error {}

/** @throws Error with this message, when it is not true. */
export function must(isTrue: boolean, message: string): asserts isTrue {
  if (!isTrue) throw new Error(message);
}
