import { afterAll, beforeAll, expect, test } from 'bun:test';
import { toolBench } from '../testing/tool-bench.ts';
import { webTools } from './web-tools.ts';

let server: ReturnType<typeof Bun.serve>;
const asked: string[] = [];

const html = (body: string, type = 'text/html') =>
  new Response(body, { headers: { 'content-type': type } });

function answer(request: Request): Response {
  const { pathname } = new URL(request.url);
  asked.push(`${request.headers.get('host')?.split(':')[0]}${pathname}`);
  if (pathname === '/page') {
    return html(
      '<title>A page</title><h1>Hi</h1><p>See <a href="/b">b</a></p>',
      'text/html; charset=utf-8',
    );
  }
  if (pathname === '/json') return Response.json({ a: 1 });
  if (pathname === '/latin') return html('<meta charset="iso-8859-1">caf\xe9');
  if (pathname === '/binary') return html('x', 'application/octet-stream');
  if (pathname === '/long') return html('x'.repeat(120_000), 'text/plain');
  if (pathname === '/huge') return html('x'.repeat(5 * 1024 * 1024 + 1), 'text/plain');
  if (pathname === '/one') return Response.redirect('/page');
  if (pathname === '/round') return Response.redirect('/round');
  if (pathname === '/away') return Response.redirect(`http://other.test:${server.port}/page`);
  if (pathname === '/port') return Response.redirect('http://site.test:1/page');
  if (pathname === '/file')
    return new Response(null, { status: 302, headers: { location: 'file:///etc/passwd' } });
  return new Response('gone', { status: 404 });
}

beforeAll(() => {
  server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: answer });
});
afterAll(() => server.stop(true));

/** Every name leads to the test's server. */
const bench = () =>
  toolBench(webTools({ addresses: { lookup: async () => ['127.0.0.1'], permits: () => true } }));
const at = (path: string, host = 'site.test') => `http://${host}:${server.port}${path}`;

test('pages come as Markdown, or as they are', async () => {
  await using here = await bench();
  const { text } = await here.call('web_fetch', { url: at('/page') });
  expect(text).toBe(`Title: A page\n\n# Hi\n\nSee [b](${at('/b')})`);
  const raw = await here.call('webFetch', { url: at('/page'), raw: true });
  expect(raw.text).toStartWith('<title>');
  expect((await here.call('web_fetch', { url: at('/json') })).text).toBe('{"a":1}');
  expect(await here.actions('web_fetch', { url: at('/page#top') })).toEqual([
    { kind: 'fetch', url: at('/page') },
  ]);
});

test('long ones come in parts', async () => {
  await using here = await bench();
  const first = await here.call('web_fetch', { url: at('/long') });
  expect(first.text).toEndWith('(70000 characters follow: offset 50000.)');
  const last = await here.call('web_fetch', { url: at('/long'), offset: 100_000 });
  expect(last.text).toBe('x'.repeat(20_000));
});

test.each([
  ['/binary', 'is application/octet-stream, 1 bytes: only text can be shown'],
  ['/huge', 'is larger than 5 MiB'],
  ['/none', 'answered with status 404'],
  ['/round', 'over 5 redirects'],
  ['/file', 'file: cannot be asked'],
])('%s: %s', async (path, message) => {
  await using here = await bench();
  const output = await here.call('web_fetch', { url: at(path) });
  expect(output.isError).toBe(true);
  expect(output.text).toContain(message);
});

test('redirects are followed on one server, and told to another', async () => {
  await using here = await bench();
  expect((await here.call('web_fetch', { url: at('/one') })).text).toContain('# Hi');
  asked.length = 0;
  const away = await here.call('web_fetch', { url: at('/away') });
  expect(away.text).toContain(`call web_fetch with ${at('/page', 'other.test')}`);
  const port = await here.call('web_fetch', { url: at('/port') });
  expect(port.text).toContain('call web_fetch with http://site.test:1/page');
  expect(asked).toEqual(['site.test/away', 'site.test/port']);
});

test.each(['file:///etc/passwd', 'ftp://a/b', 'no url', 'http://user:word@a/'])(
  '%s is no address to ask',
  async (url) => {
    await using here = await bench();
    await expect(here.actions('web_fetch', { url })).rejects.toMatchObject({
      code: 'invalid_argument',
    });
  },
);

test('addresses that are not public are refused, as names, as numbers, and beside public ones', async () => {
  await using here = await toolBench(webTools());
  const { port } = server;
  for (const host of [
    '127.0.0.1',
    'localhost',
    '2130706433',
    '0x7f.1',
    '[::1]',
    '[::ffff:7f00:1]',
    '169.254.169.254',
    '0.0.0.0',
  ]) {
    asked.length = 0;
    const output = await here.call('web_fetch', { url: `http://${host}:${port}/page` });
    expect(output.text).toContain('is not a public address');
    expect(asked).toEqual([]);
  }
  const permits = (address: string) => address === '1.1.1.1';
  const lookup = async () => ['1.1.1.1', '127.0.0.1'];
  await using mixed = await toolBench(webTools({ addresses: { lookup, permits } }));
  const output = await mixed.call('web_fetch', { url: at('/page') });
  expect(output.text).toContain('site.test is at 127.0.0.1, which is not a public address');
});

test('a name that changes its mind is asked once: what was checked is what is connected to', async () => {
  const answers = [['127.0.0.1'], ['10.0.0.1']];
  const lookup = async () => answers.shift() ?? [];
  const permits = (address: string) => address === '127.0.0.1';
  await using here = await toolBench(webTools({ addresses: { lookup, permits } }));
  expect((await here.call('web_fetch', { url: at('/page') })).text).toContain('# Hi');
  expect(answers).toEqual([['10.0.0.1']]);
  expect((await here.call('web_fetch', { url: at('/page') })).text).toContain('10.0.0.1');
});

test('what was not allowed is not asked, and a cancel ends it', async () => {
  await using here = await bench();
  asked.length = 0;
  const output = await here.call('web_fetch', { url: at('/page') }, { allowed: [] });
  expect(output.text).toContain('is not what was allowed');
  expect(asked).toEqual([]);
  const signal = AbortSignal.abort();
  await expect(here.call('web_fetch', { url: at('/page') }, { signal })).rejects.toMatchObject({
    code: 'canceled',
  });
});
