import { expect, test } from 'bun:test';
import { behaviours, numbered, promptMark, readPromptMark } from './prompt-mark.ts';

test('what a mark says is read from any body, also after another number was put in', () => {
  for (const behaviour of behaviours) {
    const body = Buffer.from(`{"content":"${promptMark({ behaviour, number: 0 })} # and ]"}`);
    expect(readPromptMark(body)).toEqual({ behaviour, number: 0 });
    const other = numbered(body, 1_234);
    expect(readPromptMark(other)).toEqual({ behaviour, number: 1_234 });
    expect(readPromptMark(body)?.number).toBe(0);
    expect(other.toString()).toEndWith(' # and ]"}');
  }
});

test('without a mark there is nothing to read or to number', () => {
  expect(readPromptMark(Buffer.from('{"content":"hello"}'))).toBeUndefined();
  expect(readPromptMark(Buffer.from('[emulate:dance#00000000]'))).toBeUndefined();
  expect(() => numbered(Buffer.from('{}'), 1)).toThrow('no mark');
});
