import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { htmlToMarkdown } from './html-to-markdown.ts';

const text = async (html: string) => (await htmlToMarkdown(html, 'https://a.test/docs/')).text;

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
])('%s', async (html, expected) => {
  expect(await text(html)).toBe(expected);
});

test('a title is told apart', async () => {
  const page = '<head><title> A\n page </title></head>b';
  expect(await htmlToMarkdown(page, 'https://a.test/')).toEqual({
    title: 'A page',
    text: 'b',
  });
});

test('what is nested too deep is cut, and it is said', async () => {
  const deep = await text(`first${'<div>'.repeat(1_000_000)}last`);
  expect(deep).toBe('first\n\n(The page is nested too deep: the rest is left out.)');
});

test.each([
  ['blanks', `<pre>${' '.repeat(1_000_000)}x</pre>`],
  ['lists in lists', '<ul>'.repeat(500) + '<li>a'.repeat(200_000)],
  [
    'links in links',
    `${'<a href=x>'.repeat(500)}${'<b>a</b> '.repeat(100_000)}${'</a>'.repeat(500)}`,
  ],
])('%s take time and room by the length of the page', async (_name, page) => {
  expect((await text(page)).length).toBeLessThan(5 * page.length);
});

test('short links to long addresses do not fill the memory', async () => {
  const base = `https://a.test/${'b'.repeat(4_000)}/`;
  const page = await htmlToMarkdown('<a href=x>a</a> '.repeat(10_000), base);
  expect(page.text.length).toBeLessThan(9 * 1024 * 1024);
  expect(page.text).toEndWith('(The page is too long: the rest is left out.)');
});

test('a cancel ends a long page', async () => {
  const controller = new AbortController();
  const page = htmlToMarkdown('<p>a</p>'.repeat(500_000), 'https://a.test/', controller.signal);
  controller.abort(new Error('enough'));
  await expect(page).rejects.toThrow('enough');
});

test('anything is a page, and no script is in it', async () => {
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
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
      expect(await text(pieces.join(''))).toBeString();
      expect(
        await text(
          `<p>${pieces.filter((one) => !/[<"]$|<td|<!--|<\//.test(one)).join('')}<script>evil</script>`,
        ),
      ).not.toContain('evil');
    }),
    { numRuns: 300 },
  );
});
