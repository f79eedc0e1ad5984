import type { DescMethod } from '@bufbuild/protobuf';
import { RpcError } from '../../../rpc-error.ts';
import { takesStream } from '../../exchange.ts';
import { onlyMessage, requestMessages } from '../../input/request-messages.ts';
import { type RequestSource, requestSource } from '../../input/request-source.ts';
import { findMethod } from '../../schema/find-symbol.ts';
import { expandJson } from '../language/templates.ts';
import type { ReplCommand } from './command.ts';
import { ReplCall } from './repl-call.ts';
import type { Session } from './session.ts';

export const callCommand: ReplCommand = {
  name: 'call',
  usage: '<Service/Method> [request]',
  summary: 'call a method; call may be left out',
  details: `The request is JSON, or @FILE. It may have several lines: it goes on while brackets are open.
Variables stand in it as $name, $name.field[0], and within a text as \${name}; $_ is the last answer.

A method that takes a stream stays open: send its messages as JSON, one input each, then say end.

  Orders/Get {"id": 7}
  Orders/Get {"id": $_.id}
  Orders/Import @orders.json`,
  run: (session, rest) => startCall(session, rest),
};

/** @returns the status of a call that failed. */
export async function startCall(session: Session, rest: string): Promise<RpcError | undefined> {
  if (session.call !== undefined) throw openAlready(session.call);
  const [, name, request = ''] = /^(\S+)\s*([\s\S]*)$/.exec(rest) ?? [];
  if (name === undefined) throw wrong('which method? call Service/Method {…}');
  const connection = session.connected();
  const method = await session.unlessInterrupted(findMethod(session.schema, name));
  const isStream = takesStream(method);
  const source = sourceOf(session, request === '' && !isStream ? '{}' : request);
  const message = isStream
    ? undefined
    : await session.unlessInterrupted(onlyMessage(method.input, source, session.schema));
  const controller = new AbortController();
  // The command ends before a stream does, and with it the signal that is its own.
  const signal = isStream ? controller.signal : session.signal;
  const { schema, headers, settings, view } = session;
  const call = new ReplCall(
    {
      connection,
      schema,
      method,
      headers: headers.clone(),
      settings: { ...settings },
      view,
      signal,
      onAnswer: (json) => session.answered(json),
      onChange: () => session.changed(),
    },
    message,
  );
  if (!isStream) return await call.done;
  session.call = call;
  void call.done.then(() => {
    session.call = undefined;
    session.changed();
  });
  await sendAll(session, call, source);
  return undefined;
}

export const sendCommand: ReplCommand = {
  name: 'send',
  usage: '<message>',
  summary: 'send on the open stream; send may be left out',
  async run(session, rest) {
    const call = openCall(session);
    if (rest === '') throw wrong('send what? The message is JSON');
    await sendAll(session, call, sourceOf(session, rest));
  },
};

export const endCommand: ReplCommand = {
  name: 'end',
  usage: '',
  summary: 'end the requests of the open stream',
  async run(session) {
    const call = openCall(session);
    call.feed.end();
    const cancel = (): void => call.cancel();
    session.signal.addEventListener('abort', cancel, { once: true });
    const failure = await call.done;
    session.call = undefined;
    return failure;
  },
};

export const cancelCommand: ReplCommand = {
  name: 'cancel',
  usage: '',
  summary: 'cancel the open stream, as Ctrl-C does',
  async run(session) {
    const call = openCall(session);
    call.cancel();
    await call.done;
    session.call = undefined;
  },
};

async function sendAll(session: Session, call: ReplCall, source: RequestSource): Promise<void> {
  const { method } = call;
  for await (const message of requestMessages(method.input, source, session.schema)) {
    await session.unlessInterrupted(call.send(message));
  }
}

/** JSON with its variables put in, or a file. */
function sourceOf(session: Session, text: string): RequestSource {
  const isFile = text.startsWith('@');
  if (isFile) return requestSource(text, nothing);
  const expanded = expandJson(text, session.variables);
  if (expanded.trim() === '-') throw wrong('- is standard input, where this came from: write JSON');
  return requestSource(expanded, nothing);
}

const nothing: AsyncIterable<Uint8Array> = {
  async *[Symbol.asyncIterator]() {},
};

function openCall({ call }: Session): ReplCall {
  if (call !== undefined) return call;
  throw new RpcError(
    'failed_precondition',
    'no stream is open: call a method that takes one first',
  );
}

function openAlready({ method }: { readonly method: DescMethod }): RpcError {
  return new RpcError(
    'failed_precondition',
    `${method.parent.name}/${method.name} is open: end or cancel it first`,
  );
}

function wrong(message: string): RpcError {
  return new RpcError('invalid_argument', message);
}
