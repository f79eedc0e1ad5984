import { expect, test } from 'bun:test';
import { boundedResponse, httpsUrl } from './bounded-fetch.ts';

test.each([
  'https://issuer.example/x',
  'http://127.0.0.1:1/',
  'http://localhost/',
  'http://[::1]:1/',
])('%s may be asked', (address) => {
  expect(httpsUrl(address, 'test').href).toBe(address);
});

test.each([
  'http://issuer.example/',
  'http://127.0.0.1.example/',
  'http://127.1.example/',
  'ftp://localhost/',
  'file:///etc/passwd',
  'issuer',
])('%s may not be asked', (address) => {
  expect(() => httpsUrl(address, 'test')).toThrow('test: ');
});

test('an answer comes whole up to its bound, with its status and headers', async () => {
  const answer = () => new Response('12345', { status: 400, headers: { 'x-a': 'b' } });
  const bounded = await boundedResponse(answer(), 5);
  expect([bounded.status, bounded.headers.get('x-a'), await bounded.text()]).toEqual([
    400,
    'b',
    '12345',
  ]);
  const failed = await boundedResponse(answer(), 4).catch((error) => error.code);
  expect(failed).toBe('resource_exhausted');
  expect(await (await boundedResponse(new Response(null), 0)).text()).toBe('');
});
