import type { CaseName } from './cases/case-names.ts';
import { callerOf, casesFor, runCase } from './cases/run-case.ts';
import type { Bench, PeerClient, PeerServer } from './peers/peer.ts';

/** One client and one server, in one way. */
export interface PairResult {
  /** `grpc-go 1.85.0 → zrpc (gRPC)`. */
  readonly title: string;
  /** Of the cases that this pair can have: undefined for a pass, else what went wrong. */
  readonly faults: ReadonlyMap<CaseName, string | undefined>;
  /** The server cannot tell which requests are compressed: it has only been seen to read them. */
  readonly isCompressionUnchecked: boolean;
  readonly passed: number;
  readonly failed: number;
  readonly elapsedMs: number;
}

/** Above this a case has failed. */
const caseTimeoutMs = 5_000;

/** Another client, our server. */
export async function runClient(
  peer: string,
  { way, cases, run }: PeerClient,
  bench: Bench,
): Promise<PairResult> {
  const startedAt = performance.now();
  const faults = new Map<CaseName, string | undefined>();
  for (const name of cases) faults.set(name, 'the client did not tell how it went');
  try {
    await run(bench, cases, (name, fault) => faults.set(name, fault));
  } catch (error) {
    const reason = reasonOf(error);
    for (const [name, fault] of faults) if (fault !== undefined) faults.set(name, reason);
  }
  return resultOf(`${peer} → zrpc (${way})`, faults, false, startedAt);
}

/** Our client, another server. */
export async function runServer(
  peer: string,
  server: PeerServer,
  bench: Bench,
): Promise<PairResult> {
  const startedAt = performance.now();
  const { abilities } = server;
  const faults = new Map<CaseName, string | undefined>();
  for (const name of casesFor(abilities)) faults.set(name, 'the server could not be reached');
  try {
    const running = await server.start(bench);
    try {
      const caller = callerOf(running.transport);
      for (const name of faults.keys()) {
        const outcome = withTimeout(runCase(name, caller, abilities));
        faults.set(name, await outcome.then(() => undefined, reasonOf));
      }
    } finally {
      await running.stop();
    }
  } catch (error) {
    const reason = reasonOf(error);
    for (const [name, fault] of faults) if (fault !== undefined) faults.set(name, reason);
  }
  const isUnchecked = abilities.compression !== 'checks';
  return resultOf(`zrpc → ${peer} (${server.way})`, faults, isUnchecked, startedAt);
}

function resultOf(
  title: string,
  faults: ReadonlyMap<CaseName, string | undefined>,
  isCompressionUnchecked: boolean,
  startedAt: number,
): PairResult {
  const failed = [...faults.values()].filter((fault) => fault !== undefined).length;
  const passed = faults.size - failed;
  const elapsedMs = performance.now() - startedAt;
  return { title, faults, isCompressionUnchecked, passed, failed, elapsedMs };
}

async function withTimeout(work: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const error = new Error(`it is not over after ${caseTimeoutMs} ms`);
  const timer = setTimeout(() => reject(error), caseTimeoutMs);
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
