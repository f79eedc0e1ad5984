import { expect, test } from 'bun:test';
import type { AddressRules } from './fetch-page.ts';
import { fetchPageText } from './page-text.ts';

const here: AddressRules = { lookup: async () => ['127.0.0.1'], permits: () => true };
const signal = new AbortController().signal;

test('a page that somebody has named is text; another server is not gone to', async () => {
  await using server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: ({ url }) => {
      const { pathname } = new URL(url);
      if (pathname === '/away') return Response.redirect('http://elsewhere.test/x');
      if (pathname === '/image')
        return new Response(new Uint8Array([0, 1]), { headers: { 'content-type': 'image/png' } });
      return new Response('<title>T</title><h1>Hello</h1><script>no()</script>', {
        headers: { 'content-type': 'text/html' },
      });
    },
  });
  const at = (path: string) => `http://page.test:${server.port}${path}`;
  expect(await fetchPageText(at('/'), signal, here)).toBe('Title: T\n\n# Hello');
  await expect(fetchPageText(at('/away'), signal, here)).rejects.toThrow(
    'name http://elsewhere.test/x itself',
  );
  await expect(fetchPageText(at('/image'), signal, here)).rejects.toThrow('image/png');
});

test('this machine and its network are not asked', async () => {
  await using server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: () => new Response('secret'),
  });
  await expect(fetchPageText(`http://127.0.0.1:${server.port}/`, signal)).rejects.toMatchObject({
    code: 'permission_denied',
  });
});
