import { expect, test } from 'bun:test';
import { RpcError } from '../rpc-error.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { ScriptedServerCall } from '../testing/scripted-server-call.ts';
import { ScriptedTransport } from '../testing/scripted-transport.ts';
import { testMethod, testOpenOptions, utf8 } from '../testing/test-method.ts';
import type { ServerCall, ServerSink } from './call.ts';
import { Metadata } from './metadata.ts';
import { idleSink, WatchedClientCall, WatchedServerCall } from './watched-call.ts';

class CountedServerCall extends WatchedServerCall {
  readonly seen: string[] = [];

  protected override received(bytes: Uint8Array): void {
    this.seen.push(`in ${bytes.length}`);
  }

  protected override sent(bytes: Uint8Array): void {
    this.seen.push(`out ${bytes.length}`);
  }

  protected override ended(error: RpcError | undefined): void {
    this.seen.push(error?.code ?? 'ok');
  }
}

class CountedClientCall extends WatchedClientCall {
  readonly seen: string[] = [];

  protected override received(bytes: Uint8Array): void {
    this.seen.push(`in ${bytes.length}`);
  }

  protected override sent(bytes: Uint8Array): void {
    this.seen.push(`out ${bytes.length}`);
  }

  protected override ended(trailer: { readonly error: RpcError | undefined }): void {
    this.seen.push(trailer.error?.code ?? 'ok');
  }
}

/** Answers each message with the same one, and the half-close with OK. */
function echo(call: ServerCall): void {
  const sink: ServerSink = {
    ...idleSink,
    onMessage: (bytes) => call.sendMessage(bytes),
    onHalfClose: () => call.sendEnd({ error: undefined, metadata: Metadata.empty }),
  };
  call.sink = sink;
}

test('a watched server call passes everything on and sees it', () => {
  const call = new ScriptedServerCall({ path: '/a.B/C', metadata: { x: '1' }, deadlineAt: 7 });
  const watched = new CountedServerCall(call);
  echo(watched);
  expect([watched.path, watched.metadata.get('x'), watched.deadlineAt]).toEqual(['/a.B/C', '1', 7]);
  expect(watched.peer).toBe(call.peer);
  watched.sendHeader(Metadata.from({ y: '2' }));
  call.message(utf8('four'));
  watched.pause();
  expect(call.paused).toBe(true);
  watched.resume();
  call.halfClose();
  expect(call.header?.get('y')).toBe('2');
  expect(call.sent).toEqual([utf8('four')]);
  expect(call.code).toBe('ok');
  expect(watched.seen).toEqual(['in 4', 'out 4', 'ok']);
});

test('a watched server call that is canceled ends once, and what is sent later is not seen', () => {
  const call = new ScriptedServerCall();
  const watched = new CountedServerCall(call);
  echo(watched);
  call.cancel();
  watched.sendMessage(utf8('late'));
  watched.sendEnd({ error: undefined, metadata: Metadata.empty });
  expect(watched.seen).toEqual(['canceled']);
});

test('a watched client call passes everything on and sees it', () => {
  const transport = new ScriptedTransport();
  const sink = new RecordingSink();
  const watched = new CountedClientCall(sink).open(transport, testMethod(), testOpenOptions());
  const call = transport.call(0);
  call.hasRoom = false;
  expect(watched.sendMessage(utf8('four'))).toBe(false);
  watched.sendEnd();
  watched.pause();
  expect([call.halfClosed, call.paused]).toEqual([true, true]);
  watched.resume();
  call.writable();
  call.header(Metadata.from({ x: '1' }));
  call.message(utf8('more'));
  call.end(undefined, Metadata.from({ y: '2' }));
  watched.sendMessage(utf8('late'));
  expect([sink.writable, sink.header?.get('x'), sink.texts]).toEqual([1, '1', ['more']]);
  expect(sink.trailer?.metadata.get('y')).toBe('2');
  expect(watched.seen).toEqual(['out 4', 'in 4', 'ok']);
});

test('a watched client call that is canceled ends with that error', () => {
  const transport = new ScriptedTransport();
  const sink = new RecordingSink();
  const watched = new CountedClientCall(sink).open(transport, testMethod(), testOpenOptions());
  watched.cancel(new RpcError('canceled', 'no longer wanted'));
  expect(watched.seen).toEqual(['canceled']);
  expect(sink.code).toBe('canceled');
});
