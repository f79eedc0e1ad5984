import { expect, test } from 'bun:test';
import { isProxied } from './proxied.ts';
import { targetOf } from './request-text.ts';

const proxied = (url: string, environment: Record<string, string>) =>
  isProxied(targetOf(url), environment);

test('each scheme has its own variable, in either case', () => {
  const proxy = 'http://proxy:3128';
  expect(proxied('http://a.example', { HTTP_PROXY: proxy })).toBe(true);
  expect(proxied('https://a.example', { HTTP_PROXY: proxy })).toBe(false);
  expect(proxied('https://a.example', { https_proxy: proxy })).toBe(true);
  expect(proxied('https://a.example', { HTTPS_PROXY: '' })).toBe(false);
  expect(proxied('https://a.example', {})).toBe(false);
});

test('NO_PROXY names what is asked directly', () => {
  const direct = (url: string, except: string) =>
    !proxied(url, { HTTP_PROXY: 'http://proxy:3128', NO_PROXY: except });
  expect(direct('http://a.example', '*')).toBe(true);
  expect(direct('http://a.example', 'localhost, A.example')).toBe(true);
  expect(direct('http://b.a.example', '.a.example')).toBe(true);
  expect(direct('http://b.a.example', '*.a.example')).toBe(true);
  expect(direct('http://b.a.example', 'a.example')).toBe(true);
  expect(direct('http://ba.example', 'a.example')).toBe(false);
  expect(direct('http://a.example:8080', 'a.example:8080')).toBe(true);
  expect(direct('http://a.example', 'a.example:80')).toBe(true);
  expect(direct('http://a.example', 'a.example:8080')).toBe(false);
  expect(direct('http://127.0.0.1:11434', '127.0.0.1')).toBe(true);
  expect(direct('http://[::1]:11434', '::1')).toBe(true);
  expect(direct('http://a.example', '')).toBe(false);
  expect(direct('http://a.example', ' , ')).toBe(false);
});
