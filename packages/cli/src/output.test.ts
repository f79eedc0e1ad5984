import { describe, expect, test } from 'bun:test';
import { Output, type OutputOptions, printable } from './output.ts';

function outputTo(
  isTTY: boolean,
  environment: OutputOptions['environment'] = {},
  command = 'zeke',
) {
  const written: string[] = [];
  const sink = (name: string) => ({
    isTTY,
    write: (text: string, done?: () => void) => {
      if (text !== '') written.push(`${name}:${text}`);
      done?.();
    },
  });
  const output = new Output({ stdout: sink('out'), stderr: sink('err'), environment, command });
  return { output, written };
}

test('results go to standard output, remarks to standard error', async () => {
  const { output, written } = outputTo(false);
  output.line('result');
  output.json({ a: 1 });
  output.note('remark');
  await output.flush();
  expect(written).toEqual(['out:result\n', 'out:{\n  "a": 1\n}\n', 'err:remark\n']);
});

test('remarks name commands as they work here, results are left alone', () => {
  const { output, written } = outputTo(false, {}, './zeke');
  output.line('zeke up');
  output.hint('try zeke up');
  output.note('or zeke chat');
  expect(written).toEqual(['out:zeke up\n', 'out:try ./zeke up\n', 'err:or ./zeke chat\n']);
});

test('columns are as wide as what is in them, and no line ends in blanks', () => {
  const { output, written } = outputTo(false);
  output.table(
    ['A', 'LONG', 'C'],
    [
      ['wider', 'x', ''],
      ['日本', '', 'z'],
    ],
  );
  expect(written.join('')).toBe('out:A      LONG  C\nout:wider  x\nout:日本         z\n');
});

test('numbers stand at the right, and no cell breaks the table', () => {
  const { output, written } = outputTo(false);
  const style = (cell: string) => `<${cell}>`;
  output.table(
    ['NAME', { title: 'N', align: 'right' }, { title: 'STATE', style }],
    [
      ['two\nlines', '5', 'ok'],
      ['\u001b[31m', '1000', 'failed'],
    ],
  );
  expect(written.map((line) => line.replace('out:', ''))).toEqual([
    'NAME           N  STATE\n',
    'two\\nlines     5  <ok>\n',
    '\\u001b[31m  1000  <failed>\n',
  ]);
});

test('what turns the direction of a text is shown, letters and emoji are left alone', () => {
  expect(printable('a\u202eb\u0085\tc é 👩‍💻')).toBe('a\\u202eb\\u0085\\tc é 👩‍💻');
});

describe('colours', () => {
  test.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    [true, { TERM: 'dumb' }, false],
  ])('terminal %p with %o: %p', (isTTY, environment, expected) => {
    const { output } = outputTo(isTTY, environment);
    expect(output.styles.red('x')).toBe(expected ? '\u001b[31mx\u001b[39m' : 'x');
  });
});

test('words of a model or a program cannot steer a terminal, however they are cut', () => {
  const { output, written } = outputTo(true, {});
  const hostile =
    'a\u001b]0;title\u0007\u001b[2Jb\r\nc\td\u009b31m\u202egpj.\u200b\u{e0041}é👩‍💻\n';
  for (const piece of hostile.match(/.{1,2}/gsu) ?? []) output.words(piece);
  expect(written.map((each) => each.replace('out:', '')).join('')).toBe(
    'a\\u001b]0;title\\u0007\\u001b[2Jb\nc\td\\u009b31m\\u202egpj.\\u200b\\ue0041é👩‍💻\n',
  );
  const piped = outputTo(false);
  piped.output.words(hostile);
  expect(piped.written).toEqual([`out:${hostile}`]);
});
