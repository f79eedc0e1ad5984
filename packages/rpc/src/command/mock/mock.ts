import type { ServerInterceptor } from '../../core/server.ts';
import { createServer } from '../../core/server.ts';
import { RpcError } from '../../rpc-error.ts';
import { createHealth } from '../../services/health/health.ts';
import { addReflection } from '../../services/reflection/reflection-server.ts';
import type { Context } from '../context.ts';
import { formatCall, logCalls } from '../listen/call-log.ts';
import { listenTargets, originsOf } from '../listen/listen-target.ts';
import { openListeners } from '../listen/open-listeners.ts';
import { tellPlaces } from '../listen/tell-places.ts';
import { aborted } from '../listen/until-aborted.ts';
import { recordCalls } from '../recording/record-calls.ts';
import { openRecorder, type Recorder } from '../recording/recorder.ts';
import { loadSchema, namesFiles } from '../schema/load-schema.ts';
import type { Schema } from '../schema/schema.ts';
import { byMethod, parseRange, parseShare, parseSpan } from './by-method.ts';
import { codeOf } from './code-of.ts';
import { loadExamples } from './load-examples.ts';
import { MockAnswers } from './mock-answers.ts';
import type { MockFlags } from './mock-command.ts';
import { isOwnService, type SchemaService, servicesOf } from './mock-services.ts';
import { PathWatch } from './watch-paths.ts';

/**
 * Serves the services of a schema until it is interrupted.
 * @throws RpcError for flags, files and places that are wrong.
 */
export async function mock(context: Context, flags: MockFlags): Promise<void> {
  if (!namesFiles(flags)) {
    throw new RpcError(
      'invalid_argument',
      'what to serve is not said: name it with --proto or --descriptor-set',
    );
  }
  const schema = await loadSchema(flags, undefined);
  const services = await servicesOf(schema);
  const targets = listenTargets(flags);
  const answers = new MockAnswers(await settingsOf(flags, schema));
  using _watch = await followExamples(context, flags.examples ?? [], answers, schema);
  await using recorder = await recorderOf(context, flags, schema);
  const interceptors = interceptorsOf(context, flags, services, schema, recorder);
  const server = createServer({
    interceptors,
    onUnexpected: (error, { path }) => {
      context.output.note(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    },
  });
  for (const { desc, type } of services) server.add(type, answers.handlers(desc));
  createHealth({ services: services.map(({ type }) => type) }).addTo(server);
  addReflection(server);
  await using listeners = await openListeners(
    targets,
    {
      handler: server.handler,
      methods: (path) => server.method(path),
      types: schema.types,
      origins: originsOf(flags.cors, '*'),
    },
    flags,
  );
  tellServed(context, services, answers, flags);
  tellPlaces(context, targets, listeners);
  await aborted(context.interrupts.signal);
}

async function settingsOf(
  flags: MockFlags,
  schema: Schema,
): Promise<ConstructorParameters<typeof MockAnswers>[0]> {
  const { latency = [], fail = [], failCode = [], streamLength = [], seed } = flags;
  return {
    schema,
    seed,
    latency: await byMethod('--latency', latency, parseSpan, {
      schema,
      fallback: { minMs: 0, maxMs: 0 },
    }),
    failShare: await byMethod('--fail', fail, parseShare, { schema, fallback: 0 }),
    failCode: await byMethod('--fail-code', failCode, codeOf, { schema, fallback: 'unavailable' }),
    streamLength: await byMethod('--stream-length', streamLength, parseRange, {
      schema,
      fallback: [3, 3],
    }),
  };
}

/** Reads the examples, and again whenever their files change. */
async function followExamples(
  { output }: Context,
  paths: readonly string[],
  answers: MockAnswers,
  schema: Schema,
): Promise<Disposable> {
  const first = await loadExamples(paths, schema);
  answers.examples = first.examples;
  const { green, red } = output.styles;
  const watch = new PathWatch(() => {
    loadExamples(paths, schema).then(
      ({ examples, count, watched }) => {
        answers.examples = examples;
        watch.watch(watched);
        output.line(green(`the examples were read again: ${count}`));
      },
      (reason) => {
        const { message } = RpcError.from(reason);
        output.line(red(`the examples stay as they were: ${message}`));
      },
    );
  });
  watch.watch(first.watched);
  return watch;
}

/** Calls that are about the server itself are neither recorded nor told. */
function interceptorsOf(
  { output }: Context,
  { quiet = false }: MockFlags,
  services: readonly SchemaService[],
  schema: Schema,
  recorder: Recorder | undefined,
): ServerInterceptor[] {
  const interceptors: ServerInterceptor[] = [];
  if (!quiet) {
    interceptors.push(logCalls((call) => output.line(formatCall(call, new Date(), output.styles))));
  }
  if (recorder !== undefined) {
    const methods = services.flatMap(({ type }) => Object.values(type.methods));
    const byPath = new Map(methods.map((method) => [method.path, method]));
    const recorded = { method: (path: string) => byPath.get(path), types: schema.types };
    interceptors.push(recordCalls(recorder, recorded));
  }
  return interceptors.map(forOthersOnly);
}

function forOthersOnly(interceptor: ServerInterceptor): ServerInterceptor {
  return (next) => {
    const intercepted = interceptor(next);
    return (call) => (isOwnService(call.path.slice(1)) ? next(call) : intercepted(call));
  };
}

async function recorderOf(
  { output }: Context,
  { record }: MockFlags,
  schema: Schema,
): Promise<Recorder | undefined> {
  if (record === undefined) return undefined;
  return await openRecorder({
    path: record,
    by: `mock of ${schema.origin}`,
    onLoss: (reason) => output.note(output.noteStyles.red(`--record ${record}: ${reason}`)),
  });
}

function tellServed(
  { output, name }: Context,
  services: readonly SchemaService[],
  answers: MockAnswers,
  { seed }: MockFlags,
): void {
  output.line(`${name} mock, with reflection and health, seed ${seed}`);
  for (const { desc } of services) {
    const methods = desc.methods.map((method) => {
      const path = `/${desc.typeName}/${method.name}`;
      const count = answers.examples.get(path)?.length ?? 0;
      return count === 0 ? method.name : `${method.name} (${counted(count, 'example')})`;
    });
    output.line(`  ${output.styles.bold(desc.typeName)}  ${methods.join(', ')}`);
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
