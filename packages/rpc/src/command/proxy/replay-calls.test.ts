import { describe, expect, test } from 'bun:test';
import { Metadata } from '../../core/metadata.ts';
import { RpcError } from '../../rpc-error.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { ScriptedServerCall } from '../../testing/scripted-server-call.ts';
import type { ReplayableCall } from '../recording/read-recording.ts';
import { ReplayBook, type ReplayMatch } from './replay-book.ts';
import { type ReplayOptions, replayCalls } from './replay-calls.ts';

const path = '/test.Service/Method';

/** A recorded call; a response is its text and the number of requests before it. */
function recorded(
  requests: string[],
  responses: [text: string, after: number, atMs?: number][],
  changes: Partial<ReplayableCall> = {},
): ReplayableCall {
  return {
    origin: 'calls.jsonl:2',
    method: path,
    kind: undefined,
    requests: requests.map((text) => Buffer.from(text)),
    halfClosed: true,
    header: Metadata.empty,
    responses: responses.map(([text, after, atMs = 0]) => ({
      after,
      atMs,
      bytes: Buffer.from(text),
    })),
    trailer: Metadata.empty,
    durationMs: 0,
    endedAfter: requests.length + 1,
    error: undefined,
    left: false,
    unkept: 0,
    ...changes,
  };
}

/** A call that the recording answers. */
function replay(
  calls: ReplayableCall[],
  match: ReplayMatch = 'bytes',
  options: ReplayOptions = {},
) {
  const handler = replayCalls(new ReplayBook(calls, match, 'calls.jsonl'), options);
  return (callPath = path) => {
    const call = new ScriptedServerCall({ path: callPath });
    handler(call);
    return {
      call,
      say: (...texts: string[]) => {
        for (const text of texts) call.sink.onMessage(Buffer.from(text));
      },
      end: () => call.sink.onHalfClose(),
      heard: () => call.sent.map((bytes) => Buffer.from(bytes).toString()),
    };
  };
}

describe('a call is answered with the recorded one', () => {
  test('of the same requests, in their order, the last one from then on', () => {
    const open = replay([
      recorded(['a'], [['1', 2]]),
      recorded(['b'], [['2', 2]]),
      recorded(['a'], [['3', 2]]),
    ]);
    const answers = ['a', 'a', 'a', 'b'].map((text) => {
      const { say, end, heard, call } = open();
      say(text);
      end();
      expect(call.code).toBe('ok');
      return heard()[0];
    });
    expect(answers).toEqual(['1', '3', '3', '2']);
  });

  test('with its header, trailer, status and details', () => {
    const header = new Metadata().append('x-a', '1');
    const trailer = new Metadata().append('x-b', '2');
    const error = new RpcError('aborted', 'no');
    const { say, end, call } = replay([recorded(['a'], [], { header, trailer, error })])();
    say('a');
    end();
    expect(call.header).toBe(header);
    expect(call.trailer).toEqual({ error, metadata: trailer });
  });

  test('or not at all, with an error that says so', () => {
    const open = replay([recorded(['a'], [])]);
    const other = open();
    other.say('x');
    expect(other.call.trailer?.error?.message).toBe(
      'the recording calls.jsonl has 1 of test.Service/Method, none of them with this request',
    );
    expect(other.call.trailer?.error?.details[0]?.value).toMatchObject({ reason: 'NOT_RECORDED' });
    const unknown = open('/test.Service/Other');
    unknown.end();
    expect(unknown.call.code).toBe('not_found');
  });

  test('whatever it asks, where methods alone count', () => {
    const open = replay([recorded(['a'], [['1', 2]]), recorded(['b'], [['2', 2]])], 'method');
    for (const expected of ['1', '2', '2']) {
      const { say, end, heard } = open();
      say('x');
      end();
      expect(heard()).toEqual([expected]);
    }
  });
});

describe('a stream', () => {
  test('has each response after as many requests as then', () => {
    const calls = [
      recorded(
        ['a', 'b'],
        [
          ['0', 0],
          ['1', 1],
          ['2', 2],
          ['3', 3],
        ],
      ),
    ];
    const { say, end, heard, call } = replay(calls)();
    say('a');
    expect(heard()).toEqual(['0', '1']);
    say('b');
    expect(heard()).toEqual(['0', '1', '2']);
    expect(call.code).toBeUndefined();
    end();
    expect(heard()).toEqual(['0', '1', '2', '3']);
    expect(call.code).toBe('ok');
  });

  test('changes to another recorded one that has said the same so far', () => {
    const calls = [
      recorded(
        ['a', 'b'],
        [
          ['1', 1],
          ['2', 3],
        ],
      ),
      recorded(
        ['a', 'c'],
        [
          ['1', 1],
          ['3', 3],
        ],
      ),
      recorded(['a', 'd'], [['x', 1]]),
    ];
    const open = replay(calls);
    const { say, end, heard } = open();
    say('a', 'c');
    end();
    expect(heard()).toEqual(['1', '3']);
    const third = open();
    third.say('a', 'd');
    expect(third.call.code).toBe('not_found');
    // What it had begun with is free again for the one that was recorded so.
    const first = open();
    first.say('a', 'b');
    first.end();
    expect(first.heard()).toEqual(['1', '2']);
  });

  test('ends where the server had ended it, though more is asked', () => {
    const error = new RpcError('permission_denied', 'no');
    const cutShort = recorded(['a'], [], { halfClosed: false, endedAfter: 1, error });
    const open = replay([cutShort]);
    const { say, call } = open();
    say('a');
    expect(call.code).toBe('permission_denied');
    say('b');
    expect(call.sent).toEqual([]);
  });

  test('waits for a reader that has no room', () => {
    const { say, call, heard } = replay([
      recorded(
        ['a'],
        [
          ['1', 1],
          ['2', 1],
        ],
      ),
    ])();
    call.hasRoom = false;
    say('a');
    expect(heard()).toEqual(['1']);
    call.sink.onWritable();
    expect(heard()).toEqual(['1', '2']);
  });

  test('does not end well when the recording has not all of it', () => {
    const { say, end, call } = replay([recorded(['a'], [['1', 2]], { unkept: 3 })])();
    say('a');
    end();
    expect(call.trailer?.error).toMatchObject({ code: 'data_loss' });
  });

  test('that its caller had left has no end, unless less is asked now', () => {
    const gone = new RpcError('canceled', 'x');
    const watched = recorded(['a'], [['1', 2]], { left: true, error: gone });
    const { say, end, heard, call } = replay([watched])();
    say('a');
    end();
    expect(heard()).toEqual(['1']);
    expect(call.code).toBeUndefined();
    const open = { left: true, halfClosed: false, endedAfter: 1, error: gone };
    const shorter = replay([recorded(['a'], [['1', 1]], open)])();
    shorter.say('a');
    expect(shorter.call.code).toBeUndefined();
    shorter.end();
    expect(shorter.call.code).toBe('ok');
  });

  test('that its caller had left is not asked for longer', () => {
    const left = recorded(['a'], [['1', 1]], { left: true, halfClosed: false, endedAfter: 1 });
    const longer = recorded(
      ['a', 'b'],
      [
        ['1', 1],
        ['2', 2],
      ],
    );
    const { say, heard } = replay([left, longer])();
    say('a', 'b');
    expect(heard()).toEqual(['1', '2']);
  });

  test('is cancelled, and refused when it says too much', () => {
    const open = replay([recorded([], [])], 'method');
    const cancelled = open();
    cancelled.call.cancel();
    expect(cancelled.call.released).toBe(true);
    const large = open();
    large.call.sink.onMessage(new Uint8Array(9 * 1024 ** 2));
    expect(large.call.code).toBe('resource_exhausted');
  });
});

test('with its pace, answers come when they came then', () => {
  const clock = new ManualClock();
  const calls = [
    recorded(
      ['a'],
      [
        ['1', 1, 30],
        ['2', 1, 50],
      ],
      { durationMs: 60 },
    ),
  ];
  const open = replay(calls, 'bytes', { paced: true, clock });
  const { say, end, heard, call } = open();
  say('a');
  end();
  expect(heard()).toEqual([]);
  clock.advance(30);
  expect(heard()).toEqual(['1']);
  clock.advance(20);
  expect(heard()).toEqual(['1', '2']);
  expect(call.code).toBeUndefined();
  clock.advance(10);
  expect(call.code).toBe('ok');
  const cancelled = open();
  cancelled.say('a');
  cancelled.call.cancel();
  expect(clock.pending).toBe(0);
});
