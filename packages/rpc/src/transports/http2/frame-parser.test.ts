import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { ConnectionFault } from './connection-fault.ts';
import { frameFlag, frameType } from './frame.ts';
import { FrameParser, type FrameSink } from './frame-parser.ts';
import { frame } from './testing/raw-peer.ts';

/** Joins the parts of DATA, so that frames compare however they were cut. */
class Frames implements FrameSink {
  readonly frames: string[] = [];
  #data: Buffer[] = [];

  onFrame(
    type: number,
    flags: number,
    stream: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const payload = Buffer.from(bytes.subarray(start, end)).toString('hex');
    this.frames.push(`${type} ${flags} ${stream} ${payload}`);
  }

  onDataPart(flags: number, stream: number, bytes: Uint8Array, start: number, end: number): void {
    this.#data.push(Buffer.from(bytes.slice(start, end)));
    // Only the last part has flags; frames without flags are told apart by what follows.
    if (flags === 0) return;
    this.frames.push(`0 ${flags} ${stream} ${Buffer.concat(this.#data).toString('hex')}`);
    this.#data = [];
  }
}

const anyFrame = fc.record({
  type: fc.nat(12),
  flags: fc.nat(255),
  stream: fc.nat(2 ** 31 - 1),
  payload: fc.uint8Array({ maxLength: 40 }),
});

test('frames are the same wherever the chunks are cut', () => {
  fc.assert(
    fc.property(
      fc.array(anyFrame, { maxLength: 10 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 }),
      (frames, cuts) => {
        const bytes = Buffer.concat(
          frames.map(({ type, flags, stream, payload }) => {
            // DATA must end with a flag to be seen by the sink of this test.
            const shown = type === frameType.data ? flags | frameFlag.endStream : flags;
            return frame(type, shown, stream, payload);
          }),
        );
        const whole = new Frames();
        new FrameParser(whole, 16_384).push(bytes);
        const cut = new Frames();
        const parser = new FrameParser(cut, 16_384);
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const end = at + (cuts[i % cuts.length] as number);
          parser.push(bytes.subarray(at, end));
          at = end;
        }
        expect(cut.frames).toEqual(whole.frames);
        expect(whole.frames.length).toBe(frames.length);
      },
    ),
  );
});

test('DATA that is whole in its chunk, or not, is handed on without a copy', () => {
  const seen: Uint8Array[] = [];
  const parser = new FrameParser(
    {
      onFrame() {},
      onDataPart: (_flags, _stream, bytes) => seen.push(bytes),
    },
    16_384,
  );
  const chunk = frame(frameType.data, 0, 1, 'hello');
  const first = chunk.subarray(0, 11);
  const second = chunk.subarray(11);
  parser.push(chunk);
  parser.push(first);
  parser.push(second);
  expect(seen).toEqual([chunk, first, second]);
  for (const [i, bytes] of [chunk, first, second].entries()) expect(seen[i]).toBe(bytes);
});

test('a frame above the limit is a fault as soon as its length is known', () => {
  const parser = new FrameParser(new Frames(), 16_384);
  parser.push(Uint8Array.of(0, 64));
  expect(() => parser.push(Uint8Array.of(1, 0, 0, 0, 0, 0, 1))).toThrow(ConnectionFault);
});

test('after a stop nothing is handed on, not even of the chunk at hand', () => {
  let count = 0;
  const parser: FrameParser = new FrameParser(
    {
      onFrame() {
        count++;
        parser.stop();
      },
      onDataPart() {
        count++;
      },
    },
    16_384,
  );
  parser.push(
    Buffer.concat([frame(frameType.ping, 0, 0, '12345678'), frame(frameType.data, 0, 1, 'x')]),
  );
  parser.push(frame(frameType.data, 0, 1, 'x'));
  expect(count).toBe(1);
});
