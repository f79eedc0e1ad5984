import type { DescMethod } from '@bufbuild/protobuf';
import type { CallOptions } from '../../core/client.ts';
import type { Metadata } from '../../core/metadata.ts';
import { RpcError } from '../../rpc-error.ts';
import { splitArguments } from '../arguments.ts';
import { CallTimings } from '../call-timings.ts';
import type { CallFlags } from '../commands/call.ts';
import { type OpenServer, openServer } from '../connect.ts';
import type { Context } from '../context.ts';
import { answersStream, exchange, type Requests, takesStream } from '../exchange.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { explainedMessage, formatError, readableError } from '../format/format-error.ts';
import { formatJson, formatMessage } from '../format/format-message.ts';
import { onlyMessage, requestMessages } from '../input/request-messages.ts';
import { type RequestSource, requestSource } from '../input/request-source.ts';
import { formatMetadata } from '../metadata.ts';
import { printable } from '../printable.ts';
import { findMethod, methodInfoOf } from '../schema/find-symbol.ts';
import { namesFiles } from '../schema/load-schema.ts';
import { unlessAborted } from '../wait.ts';

/**
 * Calls a method and prints what it answers. The status of the call, which is printed as well, is
 * the exit code.
 * @throws RpcError for what is wrong before the call, and in its requests.
 */
export async function call(
  context: Context,
  args: readonly string[],
  flags: CallFlags,
): Promise<number> {
  const { output, interrupts } = context;
  const { target, rest } = splitArguments(args, ['a method', 'one request']);
  const [name, request] = rest;
  if (name === undefined) {
    throw new RpcError(
      'invalid_argument',
      'no method is given: write it behind the target, as package.Service/Method',
    );
  }
  const timings = new CallTimings();
  await using server = await openServer(context, target, flags);
  if (flags.timings) await timings.connect(server.transport, interrupts.signal);
  const method = await timings.measure('schema', findMethod(server.schema, name));
  const source = sourceOf(context, method, request);
  const failure = await converse({ context, server, method, source, flags, timings });
  if (flags.timings) output.note(output.noteStyles.dim(timings.text()));
  if (failure === undefined) return 0;
  // A server that has told its schema, or answered, is reached in the right way.
  const isReached = !namesFiles(flags) || timings.has('header');
  const message = isReached ? failure.message : explainedMessage(failure);
  const readable = await readableError(failure, server.schema, message);
  if (flags.json) output.note(formatJson({ error: readable }, false));
  else {
    const text = printable(formatError(readable), 'lines');
    output.note(`${output.noteStyles.red(`${context.name}:`)} ${text}`);
  }
  return exitCodeOf(failure);
}

interface Conversation {
  readonly context: Context;
  readonly server: OpenServer;
  readonly method: DescMethod;
  readonly source: RequestSource;
  readonly flags: CallFlags;
  readonly timings: CallTimings;
}

/** The status of the call where it is not OK. What is wrong with the requests is thrown. */
async function converse(conversation: Conversation): Promise<RpcError | undefined> {
  const { context, server, method, flags, timings } = conversation;
  const { interrupts, output } = context;
  const type = methodInfoOf(method).output;
  const format = {
    schema: server.schema,
    emitDefaults: flags.emitDefaults ?? false,
    pretty: output.isTerminal && !answersStream(method),
  };
  const wrongRequest: { error?: unknown } = {};
  const requests = await unlessAborted(interrupts.signal, requestsOf(conversation, wrongRequest));
  timings.begin();
  try {
    const responses = exchange(server.transport, method, requests, optionsOf(conversation));
    for await (const response of responses) {
      timings.mark('first message');
      await output.result(await formatMessage(type, response, format));
    }
    return undefined;
  } catch (error) {
    if (interrupts.signal.aborted || error === wrongRequest.error) throw error;
    return RpcError.from(error);
  } finally {
    timings.mark('total');
  }
}

function sourceOf(
  { stdin, output }: Context,
  method: DescMethod,
  request: string | undefined,
): RequestSource {
  const argument = request ?? (takesStream(method) ? '-' : '{}');
  if (argument === '-' && stdin.isTTY) {
    const { name } = method.input;
    const what = takesStream(method) ? `each ${name} as JSON` : `the ${name} as JSON`;
    output.note(output.noteStyles.dim(`type ${what}, then Ctrl-D`));
  }
  return requestSource(argument, stdin);
}

async function requestsOf(
  { method, source, server }: Conversation,
  wrong: { error?: unknown },
): Promise<Requests> {
  const { input } = method;
  const { schema } = server;
  if (!takesStream(method)) {
    return { kind: 'one', message: await onlyMessage(input, source, schema) };
  }
  return { kind: 'many', messages: noting(requestMessages(input, source, schema), wrong) };
}

/** Remembers what the requests throw, to tell it from the status of the call. */
async function* noting(
  messages: AsyncIterable<object>,
  wrong: { error?: unknown },
): AsyncGenerator<object> {
  try {
    yield* messages;
  } catch (error) {
    wrong.error = error;
    throw error;
  }
}

function optionsOf({ context, server, flags, timings }: Conversation): CallOptions {
  const show = (part: string, metadata: Metadata): void => {
    if (!flags.verbose) return;
    const { noteStyles } = context.output;
    const lines = metadata.size === 0 ? ['(empty)'] : formatMetadata(metadata);
    for (const line of lines) context.output.note(noteStyles.dim(`${part} ${line}`));
  };
  return {
    metadata: server.metadata,
    signal: context.interrupts.signal,
    ...(flags.timeout === undefined ? {} : { timeoutMs: flags.timeout }),
    ...(flags.compression === undefined ? {} : { compression: flags.compression }),
    onHeader(metadata) {
      timings.mark('header');
      show('header', metadata);
    },
    onTrailer: (metadata) => show('trailer', metadata),
  };
}
