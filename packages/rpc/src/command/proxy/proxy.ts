import type { CallHandler, Transport } from '../../core/call.ts';
import type { ServerInterceptor } from '../../core/server.ts';
import { RpcError } from '../../rpc-error.ts';
import { type OpenServer, openServer } from '../connect.ts';
import type { Context } from '../context.ts';
import { formatCall, logCalls } from '../listen/call-log.ts';
import { listenTargets, originsOf } from '../listen/listen-target.ts';
import { openListeners } from '../listen/open-listeners.ts';
import { tellPlaces } from '../listen/tell-places.ts';
import { aborted } from '../listen/until-aborted.ts';
import { readRecording } from '../recording/read-recording.ts';
import { recordCalls } from '../recording/record-calls.ts';
import { openRecorder, type Recorder } from '../recording/recorder.ts';
import { loadSchema, namesFiles } from '../schema/load-schema.ts';
import { noSchema } from '../schema/schema.ts';
import { unlessAborted } from '../wait.ts';
import { awaitMethod } from './await-method.ts';
import { forwardCalls } from './forward-calls.ts';
import type { ProxyFlags } from './proxy-command.ts';
import { ProxySchema } from './proxy-schema.ts';
import { ReplayBook } from './replay-book.ts';
import { replayCalls } from './replay-calls.ts';

/** How long the start waits for the target to tell of its methods, in milliseconds. */
const schemaWaitMs = 2_000;

/**
 * Passes calls on, or answers them from a recording, until it is interrupted.
 * @throws RpcError for flags, files and places that are wrong.
 */
export async function proxy(
  context: Context,
  argument: string | undefined,
  flags: ProxyFlags,
): Promise<void> {
  if (flags.replay !== undefined) {
    await replay(context, argument ?? flags.target, flags, flags.replay);
    return;
  }
  if (argument !== undefined && flags.target !== undefined) {
    throw wrong(`two targets are given, ${argument} and ${flags.target}: one is`);
  }
  await using server = await openServer(context, argument ?? flags.target, flags);
  const schema = new ProxySchema(server.schema);
  const known = await learn(context, schema);
  await using recorder = await recorderOf(context, flags, server);
  const transport = transportOf(server, schema);
  const handler = forwardCalls(transport, (path) => schema.anyMethod(path));
  const { bold, dim } = context.output.styles;
  context.output.line(`${context.name} proxy to ${bold(server.target.name)}  ${dim(known)}`);
  await serve(context, flags, { handler, schema, recorder });
}

async function replay(
  context: Context,
  target: string | undefined,
  flags: ProxyFlags,
  path: string,
): Promise<void> {
  if (target !== undefined) throw wrong('--replay answers by itself: leave the target out');
  if (flags.record !== undefined) throw wrong('--replay and --record do not go together');
  const calls = await readRecording(path);
  const known = namesFiles(flags) ? await loadSchema(flags, undefined) : noSchema;
  const schema = new ProxySchema(known);
  await schema.load();
  const book = new ReplayBook(calls, flags.match ?? 'bytes', path);
  const { output } = context;
  output.line(`${context.name} proxy from ${output.styles.bold(path)}`);
  for (const [method, count] of book.methods) output.line(`  ${method.slice(1)} (${count})`);
  const handler = replayCalls(book, { paced: flags.pace ?? false });
  await serve(context, flags, { handler, schema, recorder: undefined });
}

interface Passed {
  readonly handler: CallHandler;
  readonly schema: ProxySchema;
  readonly recorder: Recorder | undefined;
}

async function serve(
  context: Context,
  flags: ProxyFlags,
  { handler, schema, recorder }: Passed,
): Promise<void> {
  const { output, interrupts } = context;
  const interceptors: ServerInterceptor[] = [];
  if (!flags.quiet) {
    interceptors.push(logCalls((call) => output.line(formatCall(call, new Date(), output.styles))));
  }
  if (recorder !== undefined) {
    const recorded = { method: (path: string) => schema.method(path), types: schema.types };
    interceptors.push(recordCalls(recorder, recorded));
  }
  const targets = listenTargets(flags.listen === undefined ? {} : { listen: flags.listen });
  await using listeners = await openListeners(
    targets,
    {
      handler: interceptors.reduceRight((next, interceptor) => interceptor(next), handler),
      methods: (path) => schema.method(path),
      types: schema.types,
      origins: originsOf(flags.cors, []),
      limits: flags.maxMessageSize === undefined ? {} : { maxMessageBytes: flags.maxMessageSize },
    },
    flags,
  );
  tellPlaces(context, targets, listeners);
  await aborted(interrupts.signal);
}

/** Connect sends unary calls in another way than streams. */
function transportOf({ target, transport }: OpenServer, schema: ProxySchema): Transport {
  return target.kind === 'connect' ? awaitMethod(transport, schema) : transport;
}

/** What the start can learn of the target, for people. The proxy also works without. */
async function learn({ interrupts }: Context, schema: ProxySchema): Promise<string> {
  const limit = AbortSignal.any([interrupts.signal, AbortSignal.timeout(schemaWaitMs)]);
  try {
    await unlessAborted(limit, schema.load());
    return `${schema.size} methods are known`;
  } catch (reason) {
    if (interrupts.signal.aborted) throw interrupts.signal.reason;
    if (!(reason instanceof RpcError)) return 'its schema is not known yet';
    return `its schema is not known: ${reason.message}`;
  }
}

async function recorderOf(
  { output }: Context,
  { record }: ProxyFlags,
  { target }: OpenServer,
): Promise<Recorder | undefined> {
  if (record === undefined) return undefined;
  return await openRecorder({
    path: record,
    by: `proxy to ${target.name}`,
    onLoss: (reason) => output.note(output.noteStyles.red(`--record ${record}: ${reason}`)),
  });
}

function wrong(message: string): RpcError {
  return new RpcError('invalid_argument', message);
}
