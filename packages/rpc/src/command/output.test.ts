import { expect, test } from 'bun:test';
import { Writable } from 'node:stream';
import { Output, type TextStream } from './output.ts';
import { printable, printableJson } from './printable.ts';

/** A stream whose reader takes a chunk when it is told to. */
class SlowReader extends Writable {
  readonly taken: string[] = [];
  #take: (() => void) | undefined;

  constructor() {
    super({ highWaterMark: 1, decodeStrings: false });
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.#take = () => {
      this.taken.push(chunk);
      done();
    };
  }

  take(): void {
    this.#take?.();
  }
}

function outputTo(stdout: TextStream, environment: Record<string, string> = {}): Output {
  return new Output({ stdout, stderr: stdout, environment });
}

test('a result is done when there is room for the next', async () => {
  const reader = new SlowReader();
  const written: string[] = [];
  const done = outputTo(reader)
    .result('one')
    .then(() => written.push('one'));
  await Promise.resolve();
  expect(written).toEqual([]);
  reader.take();
  await done;
  expect([reader.taken, written]).toEqual([['one\n'], ['one']]);
});

test('a reader that is gone holds nothing up', async () => {
  const reader = new SlowReader();
  const done = outputTo(reader).result('one');
  reader.destroy();
  await done;
});

test('colours are for terminals, and for those who force them', () => {
  const colored = (isTTY: boolean, environment: Record<string, string>): boolean => {
    const stream = Object.assign(new SlowReader(), { isTTY });
    return outputTo(stream, environment).styles.red('x') !== 'x';
  };
  expect(colored(true, {})).toBe(true);
  expect(colored(false, {})).toBe(false);
  expect(colored(true, { NO_COLOR: '1' })).toBe(false);
  expect(colored(true, { TERM: 'dumb' })).toBe(false);
  expect(colored(false, { FORCE_COLOR: '1' })).toBe(true);
  expect(colored(true, { FORCE_COLOR: '0' })).toBe(false);
});

test('what would move the cursor or hide is shown as an escape', () => {
  expect(printable('a\u001b[2J\r\n\u202eb')).toBe('a\\u001b[2J\\r\\n\\u202eb');
  expect(printable('a\nb\u0085', 'lines')).toBe('a\nb\\u0085');
  const json = JSON.stringify({ a: '\u001b\u009b\u202e' });
  expect(printableJson(json)).toBe('{"a":"\\u001b\\u009b\\u202e"}');
  expect(JSON.parse(printableJson(json))).toEqual(JSON.parse(json));
});
