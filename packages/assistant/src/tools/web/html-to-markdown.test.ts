import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { htmlToMarkdown } from './html-to-markdown.ts';

const text = (html: string) => htmlToMarkdown(html, 'https://a.test/docs/').text;

test.each([
  ['<h2>A &amp; B</h2><p>one<br>two</p>', '## A & B\n\none\ntwo'],
  ['<p>a <b>bold</b>, <em>so</em> and <code>x  y</code></p>', 'a **bold**, *so* and `x y`'],
  ['<ul><li>a<ol><li>b<li>c</ol><li>d</ul>e', '- a\n  1. b\n  2. c\n- d\n\ne'],
  ['<pre><code>if (a) {\n  b\n}</code></pre>after', '```\nif (a) {\n  b\n}\n```\n\nafter'],
  [
    '<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>',
    '| a | b |\n| 1 | 2 |',
  ],
  ['<blockquote><p>a</p><p>b</p></blockquote>c', '> a\n\n> b\n\nc'],
  [
    '<a href="x.html">X</a> <a href="#y">Y</a> <a href="javascript:z()">Z</a>',
    '[X](https://a.test/docs/x.html) Y Z',
  ],
  [
    '<img src="/i.png" alt="pic"><script>bad()</script><style>p{}</style>',
    '![pic](https://a.test/i.png)',
  ],
  ['<p>open <b>and <i>never', 'open **and *never***'],
  ['', ''],
])('%s', (html, expected) => {
  expect(text(html)).toBe(expected);
});

test('a title is told apart', () => {
  expect(htmlToMarkdown('<head><title> A\n page </title></head>b', 'https://a.test/')).toEqual({
    title: 'A page',
    text: 'b',
  });
});

test('what is nested too deep is cut, and it is said', () => {
  const deep = text(`first${'<div>'.repeat(1_000_000)}last`);
  expect(deep).toBe('first\n\n(The page is nested too deep: the rest is left out.)');
});

test('anything is a page, and no script is in it', () => {
  const piece = fc.constantFrom(
    '<p>',
    '</p>',
    '<li>',
    '<a href=x>',
    '</a>',
    '<pre>',
    '</',
    '<!--',
    '-->',
    '&#x',
    '<script>evil</script>',
    'a',
    ' ',
    '\n',
    '"',
    '<td',
    '<ul>',
    '</ul>',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      expect(text(pieces.join(''))).toBeString();
      expect(
        text(
          `<p>${pieces.filter((one) => !/[<"]$|<td|<!--|<\//.test(one)).join('')}<script>evil</script>`,
        ),
      ).not.toContain('evil');
    }),
    { numRuns: 300 },
  );
});
