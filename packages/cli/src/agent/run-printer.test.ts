import { expect, test } from 'bun:test';
import { StepStatus, type StepUpdate } from '@zeke/protocol/reaper';
import { Output } from '../output.ts';
import { RunPrinter } from './run-printer.ts';

function ending(isTTY: boolean, message: string): string {
  let shown = '';
  const stream = {
    isTTY,
    write: (text: string, done?: () => void) => {
      shown += text;
      done?.();
    },
  };
  const output = new Output({
    stdout: stream,
    stderr: stream,
    environment: { NO_COLOR: '1' },
    command: 'zeke',
  });
  const printer = new RunPrinter(output);
  const events = [
    { message: '', event: { case: 'text', value: { text: 'I look.' } } },
    { message: '', event: { case: 'toolCall', value: { title: 'read_file a' } } },
    { message: '', event: { case: 'text', value: { text: 'It is two.\n' } } },
    { message, event: { case: 'ended', value: {} } },
  ];
  for (const event of events) {
    printer.show({ status: StepStatus.completed, ...event } as StepUpdate);
  }
  return shown;
}

test('the last words of a run are shown once on a terminal', () => {
  expect(ending(true, 'It is two.')).toBe('I look.\n● read_file a\nIt is two.\n✔ done\n');
  expect(ending(true, 'It is two.\n\nNot tried: three')).toEndWith(
    'It is two.\n✔ It is two.\n  \n  Not tried: three\n',
  );
  expect(ending(false, 'It is two.')).toEndWith('It is two.\n✔ It is two.\n');
});
