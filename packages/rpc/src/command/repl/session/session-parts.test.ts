import { describe, expect, test } from 'bun:test';
import { InputSplitter } from './input-splitter.ts';
import { RequestFeed } from './request-feed.ts';
import { isSecret, keepInput } from './secrets.ts';

describe('what a file may have of an input', () => {
  const cases: [input: string, isKept: boolean][] = [
    ['header add x-tenant 7', true],
    ['header add authorization Bearer abc', false],
    [':header set X-Api-Key abc', false],
    ['let id = 7', true],
    ['let token = "abc"', false],
    ['let token = $_.token', true],
    ['let token = Auth/Login {}', true],
    ['let author = "Ada"', true],
    ['Auth/Login {"password": "abc"}', false],
    ['Auth/Login {"apiKey" : "abc"}', false],
    ['Auth/Login {"password": $password}', true],
    [`Auth/Login {"password": "\${password}"}`, true],
    ['List {"pageToken": "abc"}', true],
  ];
  test.each(cases)('%s', (input, isKept) => {
    expect(keepInput(input)).toBe(isKept ? input : undefined);
  });

  test('names say what is secret, those of authors do not', () => {
    expect(['token', 'Authorization', 'authToken', 'sessionId'].every(isSecret)).toBe(true);
    expect(['author', 'authors', 'id'].some(isSecret)).toBe(false);
  });
});

describe('lines', () => {
  test('make inputs, which go on while brackets are open', () => {
    const splitter = new InputSplitter();
    const lines = ['', '# {', 'a {', '# within', '"b": "}"', '}', 'c', 'd ['];
    expect(lines.flatMap((line) => splitter.push(line) ?? [])).toEqual([
      'a {\n# within\n"b": "}"\n}',
      'c',
    ]);
    expect(splitter.end()).toBe('d [');
    expect(splitter.end()).toBeUndefined();
  });

  test('are not held without end', () => {
    const splitter = new InputSplitter();
    const long = `{${' '.repeat(9 * 1024 * 1024)}`;
    splitter.push(long);
    expect(() => splitter.push(long)).toThrow('16 MiB');
    expect(splitter.push('a')).toBe('a');
  });
});

describe('the requests of a stream', () => {
  test('are taken in their order, before they are said or after', async () => {
    const feed = new RequestFeed();
    const first = feed.next();
    await feed.push({ id: 1 });
    await feed.push({ id: 2 });
    expect(await first).toEqual({ done: false, value: { id: 1 } });
    expect(await feed.next()).toEqual({ done: false, value: { id: 2 } });
    const last = feed.next();
    feed.end();
    expect(await last).toEqual({ done: true, value: undefined });
    expect(await feed.next()).toEqual({ done: true, value: undefined });
    await feed.push({ id: 3 });
    expect(feed.isEnded).toBe(true);
  });

  test('wait when there are too many, until one is taken or nobody takes them', async () => {
    const feed = new RequestFeed();
    for (let id = 0; id < 63; id++) await feed.push({ id });
    let isThrough = false;
    const waiting = feed.push({ id: 63 }).then(() => {
      isThrough = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isThrough).toBe(false);
    await feed.next();
    await waiting;
    const another = feed.push({ id: 64 });
    await feed.return();
    await another;
    expect(feed.isEnded).toBe(true);
  });
});
