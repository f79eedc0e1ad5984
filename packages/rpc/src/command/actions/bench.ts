import { encodeMessage } from '../../codec/message-bytes.ts';
import type { Transport } from '../../core/call.ts';
import { limitsWith } from '../../core/limits.ts';
import { RpcError } from '../../rpc-error.ts';
import { splitArguments } from '../arguments.ts';
import { BenchCall, type BenchPlan } from '../bench/bench-call.ts';
import { type BenchReport, benchJson, printBench } from '../bench/bench-report.ts';
import { type BenchLoop, runBench } from '../bench/run-bench.ts';
import type { BenchFlags } from '../commands/bench.ts';
import { closeWithin, type OpenServer, openServer } from '../connect.ts';
import type { Context } from '../context.ts';
import { takesStream } from '../exchange.ts';
import { exitCodeOf, interruptedExitCode } from '../exit-codes.ts';
import { requestMessages } from '../input/request-messages.ts';
import { requestSource } from '../input/request-source.ts';
import { findMethod, methodInfoOf } from '../schema/find-symbol.ts';
import { openTarget } from '../target/open-target.ts';
import { unlessAborted } from '../wait.ts';

/** Requests are kept encoded while the run lasts. */
const maxRequests = 10_000;

/** What calls may take that are under way at the end, in milliseconds. */
const drainMs = 5_000;

/**
 * Measures a method and prints the report. The exit code is 0, unless no call went well.
 * @throws RpcError for what is wrong before the run, the first call included.
 */
export async function bench(
  context: Context,
  args: readonly string[],
  flags: BenchFlags,
): Promise<number> {
  const { output, interrupts } = context;
  const { target, rest } = splitArguments(args, ['a method', 'one request']);
  const [name, request = '{}'] = rest;
  if (name === undefined) {
    throw new RpcError('invalid_argument', 'no method is given: write it behind the target');
  }
  const loop = loopOf(flags);
  await using server = await openServer(context, target, flags);
  const plan = await planOf(context, server, name, request, flags);
  await using connections = await connect(server, flags, loop);
  for (const transport of connections.transports) await firstCall(plan, transport, context);
  const cpu = process.cpuUsage();
  const beganAt = performance.now();
  const run = await runBench({
    plan,
    loop,
    transports: connections.transports,
    warmUpMs: flags.warmUp,
    durationMs: flags.duration,
    drainMs,
    signal: interrupts.signal,
  });
  const { user, system } = process.cpuUsage(cpu);
  const report: BenchReport = {
    run,
    loop,
    method: plan.method.path.slice(1),
    target: server.target.name,
    connections: usesFetch(server) ? undefined : flags.connections,
    cpuShare: (user + system) / 1_000 / (performance.now() - beganAt),
  };
  if (flags.json) output.json(benchJson(report));
  else printBench(report, output);
  if (interrupts.signal.aborted) return interruptedExitCode;
  const [worst] = run.results.failures;
  if (run.results.ok > 0 || worst === undefined) return 0;
  return exitCodeOf(new RpcError(worst.code, worst.message));
}

function loopOf(flags: BenchFlags): BenchLoop {
  const { rate, concurrency, maxInFlight } = flags;
  if (rate === undefined) return { kind: 'closed', concurrency };
  return { kind: 'open', perSecond: rate, maxInFlight };
}

async function planOf(
  context: Context,
  server: OpenServer,
  name: string,
  request: string,
  flags: BenchFlags,
): Promise<BenchPlan> {
  const desc = await findMethod(server.schema, name);
  const method = methodInfoOf(desc);
  const source = requestSource(request, context.stdin);
  const requests: Uint8Array[] = [];
  const read = async (): Promise<void> => {
    for await (const message of requestMessages(desc.input, source, server.schema)) {
      requests.push(encodeMessage(method.input, message));
      if (requests.length > maxRequests) {
        throw new RpcError('resource_exhausted', `more than ${maxRequests} requests are given`);
      }
    }
  };
  await unlessAborted(context.interrupts.signal, read());
  if (requests.length === 0) requests.push(new Uint8Array(0));
  checkShape(method.kind, flags, requests.length);
  const messagesPerCall = takesStream(desc) ? (flags.messages ?? requests.length) : 1;
  return {
    method,
    requests,
    messagesPerCall,
    pingPong: flags.pingPong ?? false,
    openOptions: {
      metadata: server.metadata,
      ...(flags.compression === undefined ? {} : { compression: flags.compression }),
    },
    timeoutMs: flags.timeout ?? Number.POSITIVE_INFINITY,
    now: () => performance.now(),
  };
}

function checkShape(kind: string, flags: BenchFlags, requests: number): void {
  if (flags.pingPong && kind !== 'bidi-stream') {
    throw new RpcError('invalid_argument', `--ping-pong is for streams both ways, not a ${kind}`);
  }
  if (kind === 'client-stream' || kind === 'bidi-stream') return;
  if (flags.messages !== undefined) {
    throw new RpcError('invalid_argument', `--messages is for streams of requests, not a ${kind}`);
  }
  if (requests > 1) {
    throw new RpcError('invalid_argument', `a ${kind} method takes one message, not ${requests}`);
  }
}

interface Connections extends AsyncDisposable {
  readonly transports: readonly Transport[];
}

async function connect(
  server: OpenServer,
  flags: BenchFlags,
  loop: BenchLoop,
): Promise<Connections> {
  if (usesFetch(server) && flags.connections > 1) {
    throw new RpcError(
      'invalid_argument',
      'the connections of HTTP are made as they are needed: leave out --connections',
    );
  }
  const inFlight = loop.kind === 'open' ? loop.maxInFlight : loop.concurrency;
  const maxStreams = Math.max(limitsWith(undefined).maxStreams, inFlight);
  const transports: Transport[] = [];
  for (let i = 0; i < flags.connections; i++) {
    transports.push(await openTarget(server.target, flags, { maxStreams }));
  }
  return {
    transports,
    async [Symbol.asyncDispose]() {
      await Promise.all(transports.map((transport) => closeWithin(transport)));
    },
  };
}

function usesFetch({ target: { kind } }: OpenServer): boolean {
  return kind === 'connect' || kind === 'grpc-web';
}

/** A run of calls that all fail measures nothing, so that the first must go well. */
async function firstCall(plan: BenchPlan, transport: Transport, context: Context): Promise<void> {
  const { signal } = context.interrupts;
  const ended = new Promise<BenchCall>((resolve) => {
    const call = new BenchCall(plan, undefined, plan.now(), resolve);
    call.begin(transport);
  });
  const { error } = await unlessAborted(signal, ended);
  if (error === undefined) return;
  throw new RpcError(error.code, `the first call failed: ${error.message}`, { cause: error.cause });
}
