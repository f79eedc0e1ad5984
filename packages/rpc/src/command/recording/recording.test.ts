import { describe, expect, test } from 'bun:test';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { createTypeRegistry } from '../../codec/type-registry.ts';
import { Metadata } from '../../core/metadata.ts';
import { RpcError } from '../../rpc-error.ts';
import { Notes } from '../../testing/note-service.ts';
import { ScriptedServerCall } from '../../testing/scripted-server-call.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { readRecording } from './read-recording.ts';
import { recordCalls } from './record-calls.ts';
import { openRecorder, type RecorderOptions } from './recorder.ts';

const schema = {
  method: (path: string) => Object.values(Notes.methods).find((method) => method.path === path),
  types: createTypeRegistry(),
};

/** A file, and how to record into it. */
async function recording(changes: Partial<RecorderOptions> = {}) {
  const folder = await temporaryFolder();
  const path = join(folder.path, 'calls.jsonl');
  const losses: string[] = [];
  const recorder = await openRecorder({
    path,
    by: 'a test',
    onLoss: (reason) => losses.push(reason),
    ...changes,
  });
  const record = recordCalls(recorder, schema);
  return {
    path,
    losses,
    recorder,
    /** Records a call of `Chat`, which the test plays on both sides. */
    play(
      metadata: Metadata,
      act: (served: ScriptedServerCall, client: ScriptedServerCall) => void,
    ) {
      const client = new ScriptedServerCall({ path: '/zrpc.test.Notes/Chat', metadata });
      record((call) => {
        call.sink = { onMessage() {}, onHalfClose() {}, onCancel() {}, onWritable() {} };
        act(call as ScriptedServerCall, client);
      })(client);
    },
    lines: async (): Promise<Record<string, never>[]> => {
      await recorder.flush();
      const text = await Bun.file(path).text();
      return text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    },
    async [Symbol.asyncDispose]() {
      await recorder[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const hi = new Uint8Array([10, 2, 104, 105]);
const noNote = new Uint8Array([255]);

describe('a recording', () => {
  test('has what was said, without secrets, and reads back', async () => {
    await using file = await recording();
    const metadata = new Metadata()
      .append('authorization', 'Bearer s3cret')
      .append('x-session-id', 's3cret')
      .append('x-raw-bin', new Uint8Array([1, 2]))
      .append('x-a', '1');
    file.play(metadata, (served, client) => {
      served.sendHeader(new Metadata().append('x-h', '1').append('set-cookie', 's3cret'));
      client.sink.onMessage(hi);
      served.sendMessage(hi);
      client.sink.onMessage(noNote);
      client.sink.onHalfClose();
      served.sendMessage(noNote);
      const details = [{ type: 'x.Y', value: new Uint8Array([3]) }];
      served.sendEnd({
        error: new RpcError('aborted', 'no', { details }),
        metadata: new Metadata().append('x-t', '1'),
      });
    });
    const [head, call] = await file.lines();
    expect(head).toMatchObject({ recording: 1, by: 'a test' });
    expect(JSON.stringify(call)).not.toContain('s3cret');
    expect(call).toMatchObject({
      method: '/zrpc.test.Notes/Chat',
      kind: 'bidi-stream',
      peer: 'memory 127.0.0.1:4711',
      metadata: [
        ['authorization', '[redacted]'],
        ['x-session-id', '[redacted]'],
        ['x-raw-bin', 'AQI='],
        ['x-a', '1'],
      ],
      requests: [{ bytes: 'CgJoaQ==', json: { text: 'hi' } }, { bytes: '/w==' }],
    } as never);
    const [read] = await readRecording(file.path);
    expect(read).toMatchObject({
      origin: `${file.path}:2`,
      requests: [hi, noNote],
      halfClosed: true,
      responses: [
        { after: 1, bytes: hi },
        { after: 3, bytes: noNote },
      ],
      endedAfter: 3,
      error: { code: 'aborted', message: 'no' },
    });
    expect([...(read?.header ?? [])]).toEqual([['x-h', '1']]);
    expect([...(read?.trailer ?? [])]).toEqual([['x-t', '1']]);
    expect(read?.error?.details).toEqual([{ type: 'x.Y', value: new Uint8Array([3]) }]);
    expect((await stat(file.path)).mode & 0o777).toBe(0o600);
  });

  test('has calls that were cancelled, and is added to', async () => {
    await using file = await recording();
    file.play(Metadata.empty, (_served, client) => {
      client.sink.onMessage(hi);
      client.sink.onCancel(new RpcError('canceled', 'the client left'));
    });
    await file.recorder.flush();
    await using again = await openRecorder({ path: file.path, by: 'later', onLoss() {} });
    await again.flush();
    const lines = await file.lines();
    expect(lines.map((line) => 'recording' in line)).toEqual([true, false, true]);
    const [call] = await readRecording(file.path);
    expect(call).toMatchObject({ halfClosed: false, endedAfter: 1, left: true });
  });

  test('counts what of a long call it does not keep', async () => {
    await using file = await recording();
    const large = new Uint8Array(5 * 1024 ** 2);
    file.play(Metadata.empty, (served) => {
      for (const bytes of [hi, large, large, hi]) served.sendMessage(bytes);
      served.sendEnd({ error: undefined, metadata: Metadata.empty });
    });
    await file.recorder.flush();
    const [call] = await readRecording(file.path);
    expect(call?.responses).toHaveLength(2);
    expect(call?.unkept).toBe(2);
  });

  test('is no longer than it may be, and says so once', async () => {
    await using file = await recording({ maxFileBytes: 300 });
    for (let i = 0; i < 5; i++) {
      file.play(Metadata.empty, (served) => {
        served.sendEnd({ error: undefined, metadata: Metadata.empty });
      });
    }
    expect((await file.lines()).length).toBeLessThan(4);
    expect(file.losses).toEqual(['the recording is as large as it may be']);
  });
});

describe('a file that is no recording', () => {
  const head = '{"recording":1}\n';
  const cases: [text: string, message: RegExp][] = [
    ['', /the file is empty/],
    ['{"method":"/a/b"}\n', /does not begin as a recording/],
    ['{"recording":2}\n', /:1: the version 2 of recordings is not known here: only 1/],
    [`${head}nonsense\n`, /:2: the line is no JSON/],
    [`${head}[]\n`, /:2: the line is no JSON object/],
    [`${head}{"method":"x"}\n`, /:2: method: it must be written as/],
    [`${head}{"method":"/a/b","requests":{}}\n`, /:2: requests: it must be a list/],
    [
      `${head}{"method":"/a/b","requests":[{"bytes":"%"}]}\n`,
      /requests\[0\]\.bytes: it must be base64/,
    ],
    [`${head}{"method":"/a/b","header":[["x"]]}\n`, /header: it must be a list of \[name, value\]/],
    [`${head}{"method":"/a/b","header":[["a b","c"]]}\n`, /header: metadata name "a b"/],
    [
      `${head}{"method":"/a/b","status":{"code":"fine"}}\n`,
      /status\.code: it must be ok or a code/,
    ],
  ];
  test.each(cases)('%p', async (text, message) => {
    await using folder = await temporaryFolder();
    const path = await folder.write('calls.jsonl', text);
    expect(readRecording(path)).rejects.toThrow(message);
  });

  test('a last line that was not written to its end does not count', async () => {
    await using folder = await temporaryFolder();
    const call = '{"method":"/a/b","status":{"code":"ok"}}';
    const path = await folder.write('calls.jsonl', `${head}${call}\n${call.slice(0, 20)}`);
    expect(await readRecording(path)).toHaveLength(1);
  });

  test('whatever its lines are, it is read or refused', async () => {
    await using folder = await temporaryFolder();
    const member = fc.constantFrom('method', 'requests', 'responses', 'header', 'status', 'unkept');
    const line = fc.dictionary(member, fc.jsonValue({ maxDepth: 3 }));
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 3 }), async (lines) => {
        const text = lines.map((each) => `${JSON.stringify({ method: '/a/b', ...each })}\n`);
        const path = await folder.write('calls.jsonl', head + text.join(''));
        const result = await readRecording(path).catch((error) => error);
        if (!Array.isArray(result)) expect(result).toBeInstanceOf(RpcError);
      }),
      { numRuns: 60 },
    );
  });
});
