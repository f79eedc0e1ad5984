import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { Typist } from '../testing/typist.ts';

const esc = '\u001b';
const up = `${esc}[A`;
const down = `${esc}[B`;
const left = `${esc}[D`;

function control(letter: string): string {
  return String.fromCharCode(letter.charCodeAt(0) & 31);
}

describe('the keys of emacs', () => {
  const cases: [keys: string, expected: string][] = [
    ['abc', 'abc|'],
    [`abc${left}${left}x`, 'ax|bc'],
    [`ab cd${control('a')}x`, 'x|ab cd'],
    [`ab cd${control('a')}${control('e')}x`, 'ab cdx|'],
    [`ab cd${esc}bx`, 'ab x|cd'],
    [`ab cd${control('a')}${esc}fx`, 'abx| cd'],
    [`ab.cd${control('w')}x`, 'x|'],
    [`ab.cd${esc}\u007fx`, 'ab.x|'],
    [`ab cd${control('a')}${esc}dx`, 'x| cd'],
    [`abc${left}${control('k')}x`, 'abx|'],
    [`abc${left}${control('u')}x`, 'x|c'],
    [`ab cd${control('w')}${control('w')}x${control('y')}`, 'xab cd|'],
    [`a b${control('w')}${control('b')}${control('k')}${control('y')}${esc}y`, 'ab|'],
    [`abc${control('t')}`, 'acb|'],
    [`abc${control('b')}${control('b')}${control('t')}`, 'ba|c'],
    [`ab cd${control('a')}${esc}u${esc}c`, 'AB Cd|'],
    [`abc${control('w')}${control('_')}x`, 'abcx|'],
    [`ab${control('a')}${control('d')}x`, 'x|b'],
    [`ab${esc}\rcd`, 'ab\ncd|'],
    [`ab${esc}\rcd${up}x`, 'abx|\ncd'],
    [`ab${esc}\rcdef${up}${down}x`, 'ab\ncdx|ef'],
    [`漢字${left}x`, '漢x|字'],
    [`${esc}[200~a\tb\u0007c\r\nd${esc}[201~`, 'a  bc\nd|'],
  ];
  test.each(cases)('%j', (keys, expected) => {
    // A wide character takes two cells, which the helper counts as characters.
    const shown = new Typist().edit(keys).replace('漢x字|', '漢x|字');
    expect(shown).toBe(expected);
  });

  test('Enter ends an input that is whole, and begins a line in one that is not', () => {
    const typist = new Typist();
    expect(typist.edit('a {\r')).toBe('a {\n  |');
    expect(typist.type('b\r}\r')).toEqual(['> a {', '…   b', '… }']);
    return Promise.resolve().then(() => {
      expect(typist.result).toEqual({ kind: 'input', text: 'a {\n  b\n}' });
    });
  });

  test('Ctrl-C and Ctrl-D end it', async () => {
    const typist = new Typist();
    typist.type(`ab${control('c')}`);
    await Promise.resolve();
    expect(typist.result).toEqual({ kind: 'interrupt', text: 'ab' });
    expect(typist.terminal.screen).toEqual(['> ab^C']);
    typist.read();
    typist.type(`a${control('d')}`);
    await Promise.resolve();
    expect(typist.result).toBeUndefined();
    typist.type(`\u007f${control('d')}`);
    await Promise.resolve();
    expect(typist.result).toEqual({ kind: 'end' });
  });
});

describe('the keys of vi', () => {
  const cases: [keys: string, expected: string][] = [
    [`abc${esc}`, 'ab|c'],
    [`abc${esc}x`, 'a|b'],
    [`abc${esc}0x`, '|bc'],
    [`abc${esc}hix`, 'ax|bc'],
    [`ab cd${esc}0wix`, 'ab x|cd'],
    [`ab cd${esc}bbdw`, '|cd'],
    [`ab cd ef${esc}02dw`, '|ef'],
    [`ab cd ef${esc}0d2w`, '|ef'],
    [`ab cd${esc}0cwx`, 'x| cd'],
    [`ab cd${esc}0C!`, '!|'],
    [`ab cd${esc}0wD`, 'ab|'],
    [`a.b c${esc}0dW`, '|c'],
    [`ab cd${esc}0e~`, 'aB| cd'],
    [`abc,def${esc}0f,x`, 'abc|def'],
    [`a,b,c${esc}02f,x`, 'a,b|c'],
    [`a,b,c${esc}0dt,`, '|,b,c'],
    [`a,b,c${esc}0df,`, '|b,c'],
    [`a,b,c${esc}0f,;x`, 'a,b|c'],
    [`a,b,c${esc}F,x`, 'a,b|c'],
    [`a,b,c,d${esc}F,F,,x`, 'a,b,c|d'],
    [`"ab cd"${esc}0ci"x`, '"x|"'],
    [`f(a, b)${esc}hdi(`, 'f(|)'],
    [`f[a, b]${esc}hda[`, '|f'],
    [`{"a": {"b": 1}}${esc}0f1ci{x`, '{"a": {x|}}'],
    [`ab cd ef${esc}0wdaw`, 'ab |ef'],
    [`ab cd${esc}0rx`, '|xb cd'],
    [`ab${esc}yyp`, 'ab\n|ab'],
    [`ab${esc}yyP`, '|ab\nab'],
    [`ab cd${esc}0ywP`, 'ab| ab cd'],
    [`ab${esc}ocd`, 'ab\ncd|'],
    [`ab${esc}ocd${esc}kJ`, 'ab| cd'],
    [`a${esc}ob${esc}oc${esc}kdd`, 'a\n|c'],
    [`a${esc}ob${esc}oc${esc}ggdd`, '|b\nc'],
    [`a${esc}ob${esc}oc${esc}dk`, '|a'],
    [`a${esc}ob${esc}oc${esc}2Gx`, 'a\n|\nc'],
    [`ab cd${esc}dbu`, 'ab c|d'],
    [`ab cd ef${esc}0dw.`, '|ef'],
    [`ab cd${esc}0cwx${esc}w.`, 'x |x'],
    [`abc${esc}0xx2u`, '|abc'],
    [`abc${esc}0x3p`, 'baa|ac'],
    [`(a)${esc}%x`, '|a)'],
    [`ab${esc}ccx`, 'x|'],
    [`ab cd${esc}Sx`, 'x|'],
    [`abc${esc}2sx`, 'abx|'],
    [`  ab${esc}Ix`, '  x|ab'],
    [`ab${esc}0Ax`, 'abx|'],
    [`ab${esc}dqx`, '|a'],
    [`abcd${esc}2X`, 'a|d'],
    [`ab${esc}Yp`, 'ab\n|ab'],
    [`ab${esc}3rx`, 'a|b'],
    [`aB${esc}02~`, 'A|b'],
    [`ab${esc}Jx`, '|a'],
    [`a b${esc}0f;x`, '| b'],
    [`abc${esc}03|x`, 'a|b'],
    [`ab cd${esc}0dE`, '| cd'],
    [`ab-cd${esc}Bx`, '|b-cd'],
    [`"a" b${esc}0wda"`, '| b'],
    [`a${esc}p`, '|a'],
  ];
  test.each(cases)('%j', (keys, expected) => {
    expect(new Typist({ editing: 'vi' }).edit(keys)).toBe(expected);
  });

  test('each Escape is a key though another follows at once', () => {
    const typist = new Typist({ editing: 'vi' });
    expect(typist.edit(`abc${esc}hx`)).toBe('a|c');
  });

  test('a command that looks like the rest of a sequence is one when it comes later', () => {
    const typist = new Typist({ editing: 'vi' });
    typist.type(`ab${esc}`);
    expect(typist.edit('Ocd')).toBe('cd|\nab');
  });

  test('k and j go through the history, and Enter ends the input in either mode', async () => {
    const typist = new Typist({ editing: 'vi', history: ['one', 'two'] });
    typist.type(`${esc}kk`);
    expect(typist.terminal.screen).toEqual(['> one']);
    typist.type('j\r');
    await Promise.resolve();
    expect(typist.result).toEqual({ kind: 'input', text: 'two' });
  });
});

describe('the history', () => {
  const history = ['first', 'second {\n}', 'third'];

  test('is gone through up and down, what was written stays', () => {
    const typist = new Typist({ history });
    expect(typist.type(`draft${up}`)).toEqual(['> third']);
    expect(typist.type(up)).toEqual(['> second {', '… }']);
    expect(typist.type(`${up}${up}`)).toEqual(['> first']);
    expect(typist.type(up)).toEqual(['> first']);
    expect(typist.terminal.bells).toBe(1);
    expect(typist.type(control('n').repeat(4))).toEqual(['> draft']);
  });

  test('is searched while the text is typed', async () => {
    const typist = new Typist({ history });
    expect(typist.type(control('r'))).toEqual(['>', 'search:']);
    expect(typist.type('IR')).toEqual(['> third', 'search: IR']);
    expect(typist.type(control('r'))).toEqual(['> first', 'search: IR']);
    expect(typist.type('x')).toEqual(['> first', 'not found: IRx']);
    expect(typist.type('\u007f')).toEqual(['> third', 'search: IR']);
    expect(typist.type(control('g'))).toEqual(['>']);
    typist.type(`${control('r')}nothing${'\u007f'.repeat(7)}`);
    expect(typist.terminal.screen).toEqual(['>', 'search:']);
    expect(typist.type(`fir${esc}`)).toEqual(['> first']);
    typist.type(`${control('u')}${control('k')}${control('r')}sec\r`);
    await Promise.resolve();
    expect(typist.result).toEqual({ kind: 'input', text: 'second {\n}' });
  });
});

describe('completion', () => {
  const complete = (text: string) => ({
    from: 0,
    candidates: ['alpha', 'alphabet', 'alter', 'beta']
      .filter((word) => word.startsWith(text))
      .map((word) => ({ text: word, hint: word.length.toString() })),
  });

  test('writes what all have, then lists, then goes through them', async () => {
    const typist = new Typist({ complete });
    expect(await typist.typeAndWait('a\t')).toEqual([
      '> al',
      '  alpha     5',
      '  alphabet  8',
      '  alter     5',
    ]);
    expect((await typist.typeAndWait('\t'))[0]).toBe('> alpha');
    expect((await typist.typeAndWait('\t\t'))[0]).toBe('> alter');
    expect((await typist.typeAndWait('\t'))[0]).toBe('> al');
    expect((await typist.typeAndWait(`${esc}[Z`))[0]).toBe('> alter');
    expect(await typist.typeAndWait('!')).toEqual(['> alter!']);
  });

  test('writes the only one at once, and rings where there is none', async () => {
    const typist = new Typist({ complete });
    expect(await typist.typeAndWait('b\t')).toEqual(['> beta']);
    expect(await typist.typeAndWait('x\t')).toEqual(['> betax']);
    expect(typist.terminal.bells).toBe(1);
  });

  test('keys wait for it, Ctrl-C does not', async () => {
    const found = Promise.withResolvers<{ from: number; candidates: { text: string }[] }>();
    const typist = new Typist({ complete: () => found.promise });
    typist.type('a\tbc');
    expect(typist.terminal.screen).toEqual(['> a']);
    found.resolve({ from: 0, candidates: [{ text: 'abc-' }] });
    expect(await typist.typeAndWait('')).toEqual(['> abc-bc']);
    const never = new Typist({ complete: () => new Promise(() => {}) });
    never.type(`a\t${control('c')}`);
    await Promise.resolve();
    expect(never.result).toEqual({ kind: 'interrupt', text: 'a' });
  });
});

describe('the screen', () => {
  test('breaks long lines, and finds the cursor at their edge', () => {
    const typist = new Typist({ columns: 6 });
    expect(typist.type('abcd')).toEqual(['> abcd']);
    expect(typist.terminal.cursor).toEqual({ row: 1, column: 0 });
    expect(typist.type('e')).toEqual(['> abcd', 'e']);
    expect(typist.type('漢字漢')).toEqual(['> abcd', 'e漢字', '漢']);
  });

  test('prints above what is written', () => {
    const typist = new Typist();
    typist.type(`a {\rb${left}`);
    typist.editor.print('hello\nworld');
    expect(typist.terminal.screen).toEqual(['hello', 'world', '> a {', '…   b']);
    expect(typist.terminal.cursor).toEqual({ row: 3, column: 4 });
  });

  test('shows the rows around the cursor when there are more than fit', () => {
    const typist = new Typist({ rows: 4 });
    typist.type(`${esc}[200~1\n2\n3\n4\n5${esc}[201~`);
    expect(typist.terminal.screen).toEqual(['… 3', '… 4', '… 5']);
    typist.type(up.repeat(4));
    expect(typist.terminal.screen).toEqual(['> 1', '… 2', '… 3']);
    expect(typist.terminal.scrolled).toEqual([]);
  });

  test('is drawn anew when its size changes, and cleared with Ctrl-L', () => {
    const typist = new Typist({ columns: 10 });
    typist.editor.print('above');
    typist.type('abcdef');
    typist.terminal.columns = 20;
    typist.editor.resized();
    expect(typist.type('g')).toEqual(['above', '> abcdefg']);
    expect(typist.type(control('l'))).toEqual(['> abcdefg']);
  });

  test('whatever is typed, it shows the text and nothing else', () => {
    const key = fc.constantFrom(
      'a',
      '漢',
      '{',
      '}',
      '\r',
      left,
      up,
      down,
      `${esc}b`,
      `${esc}f`,
      `${esc}\r`,
      ...'abdefhkntuwy_'.split('').map(control),
      '\u007f',
      `${esc}d`,
      `${esc}y`,
    );
    fc.assert(
      fc.property(
        fc.array(key, { maxLength: 60 }),
        fc.integer({ min: 5, max: 20 }),
        (keys, columns) => {
          const typist = new Typist({ columns, rows: 400 });
          for (const each of keys) {
            if (!typist.editor.isReading) return;
            typist.type(each);
          }
          if (!typist.editor.isReading) return;
          const { screen, cursor } = typist.terminal;
          // Drawn from nothing it looks the same.
          typist.type(control('l'));
          expect({ screen, cursor }).toEqual({
            screen: typist.terminal.screen,
            cursor: typist.terminal.cursor,
          });
        },
      ),
      { numRuns: 200 },
    );
  });
});
