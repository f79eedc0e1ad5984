import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { KeyParser } from './key-parser.ts';

function namesOf(...pieces: string[]): string[] {
  const parser = new KeyParser();
  const keys = pieces.flatMap((piece) => [...parser.push(piece)]);
  return [...keys, ...parser.flush()].map(({ name }) => name);
}

describe('keys', () => {
  const cases: [sent: string, names: string[]][] = [
    ['aé漢👩‍👩‍👧', ['a', 'é', '漢', '👩', '‍', '👩', '‍', '👧']],
    ['\r\n\t\u007f\b', ['enter', 'ctrl-j', 'tab', 'backspace', 'ctrl-h']],
    ['\u0001\u0003\u001a\u0000', ['ctrl-a', 'ctrl-c', 'ctrl-z', 'ctrl-space']],
    ['\u001b[A\u001bOB\u001b[1;5C\u001b[1;3D', ['up', 'down', 'ctrl-right', 'meta-left']],
    [
      '\u001b[H\u001b[4~\u001b[3~\u001b[5~\u001b[Z',
      ['home', 'end', 'delete', 'page-up', 'shift-tab'],
    ],
    ['\u001bb\u001bB\u001b\u007f\u001b\r', ['meta-b', 'meta-B', 'meta-backspace', 'meta-enter']],
    ['\u001b', ['escape']],
    ['\u001b\u001b[A', ['escape', 'up']],
    // Sequences that nothing is bound to are no text.
    ['\u001b[?1;2c\u001b[99~x', ['x']],
  ];
  test.each(cases)('%j', (sent, names) => {
    expect(namesOf(sent)).toEqual(names);
  });

  test('may come in any pieces', () => {
    const sent = 'a\u001b[1;5C\u001b[200~x\u001b[Ay\u001b[201~\u001b[3~é\u001bb';
    const whole = namesOf(sent);
    expect(whole).toEqual(['a', 'ctrl-right', 'paste', 'delete', 'é', 'meta-b']);
    fc.assert(
      fc.property(fc.array(fc.nat(sent.length), { maxLength: 6 }), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), sent.length];
        const pieces = places.slice(1).map((end, i) => sent.slice(places[i], end));
        expect(namesOf(...pieces)).toEqual(whole);
      }),
    );
  });

  test('whatever is sent, nothing is kept for ever', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('\u001b', '[', 'O', '1', ';', '~', 'A') }),
        (sent) => {
          const parser = new KeyParser();
          expect([...parser.push(sent)].length).toBeLessThanOrEqual(sent.length);
          expect([...parser.flush()].length).toBeLessThanOrEqual(sent.length);
        },
      ),
    );
  });
});

describe('a paste', () => {
  test('is one key, with its line breaks', () => {
    const parser = new KeyParser();
    const keys = [...parser.push('\u001b[200~a\r\nb\rc\u0003\u001b[201~d')];
    expect(keys).toEqual([
      { name: 'paste', text: 'a\nb\nc\u0003' },
      { name: 'd', text: 'd' },
    ]);
  });

  test('is cut off where it is too long', () => {
    const parser = new KeyParser();
    const [key] = [...parser.push(`\u001b[200~${'x'.repeat(2 * 1024 * 1024)}\u001b[201~`)];
    expect(key?.text.length).toBe(1024 * 1024);
  });
});
