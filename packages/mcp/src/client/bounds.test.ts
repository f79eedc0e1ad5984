import { expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import { maxMessageBytes } from '../server/frame.ts';
import { boundedFetch } from './bounded-fetch.ts';
import { CallDeadline } from './call-deadline.ts';
import { cappedResult, maxMediaBytes, maxResultParts } from './cap-result.ts';
import { hubError } from './hub-error.ts';
import { LogTail } from './log-tail.ts';

function answering(body: string, type: string) {
  const fetch = async () => new Response(body, { headers: { 'content-type': type } });
  return boundedFetch(fetch)('http://x').then((answer) => answer.text());
}

test('an answer longer than a message may be ends with an error; a stream counts by its lines', async () => {
  const half = 'x'.repeat(maxMessageBytes / 2);
  expect(await answering(half, 'application/json')).toHaveLength(half.length);
  const long = `${half}\n${half}\n${half}`;
  await expect(answering(long, 'application/json')).rejects.toMatchObject({
    code: 'resource_exhausted',
  });
  expect(await answering(long, 'text/event-stream')).toHaveLength(long.length);
  await expect(answering(half.repeat(3), 'text/event-stream')).rejects.toMatchObject({
    code: 'resource_exhausted',
  });
});

test('texts share what a result may have; media and parts have limits of their own', () => {
  const text = (length: number) => ({ type: 'text' as const, text: 'x'.repeat(length) });
  const { content } = cappedResult({ content: [text(6), text(6), text(6)] }, 10);
  expect(content.map((each) => 'text' in each && each.text)).toEqual([
    'xxxxxx',
    'xxxx\n[cut: 2 more characters]',
    '\n[cut: 6 more characters]',
  ]);
  const data = 'A'.repeat(maxMediaBytes + 1);
  const media = cappedResult({ content: [{ type: 'image', mimeType: 'image/png', data }] }, 10);
  expect(media.content).toEqual([{ type: 'text', text: expect.stringContaining('was left out') }]);
  const many = cappedResult({ content: Array.from({ length: 150 }, () => text(0)) }, 10);
  expect(many.content).toHaveLength(maxResultParts + 1);
  const structured = cappedResult({ content: [], structuredContent: { a: 'xxxxxxxxxx' } }, 10);
  expect(structured.structuredContent).toBeUndefined();
  expect(structured.content).toHaveLength(1);
});

test('a call has time as long as there are signs of life, and all of it while somebody is asked', async () => {
  const over = ({ signal }: CallDeadline) =>
    new Promise((resolve) => signal.addEventListener('abort', resolve));
  using deadline = new CallDeadline('it', 30, undefined);
  deadline.pause();
  using other = new CallDeadline('another', 40, undefined);
  await over(other);
  expect(deadline.signal.aborted).toBe(false);
  deadline.resume();
  await over(deadline);
  expect(deadline.signal.reason).toMatchObject({ code: 'deadline_exceeded' });
});

test('errors name the server, and what we threw ourselves is not wrapped', () => {
  const own = new RpcError('not_found', 'x');
  expect(hubError(own, 'a')).toBe(own);
  const wrapped = Object.assign(new Error('y'), { data: { cause: own } });
  expect(hubError(wrapped, 'a')).toBe(own);
  const refused = Object.assign(new TypeError('fetch failed'), { code: 'ECONNREFUSED' });
  expect(hubError(refused, 'a')).toMatchObject({
    code: 'unavailable',
    message: 'MCP server a cannot be reached',
  });
  const said = hubError(new Error('two\u001b[2J\nlines'), 'a').message;
  expect(said).toBe('MCP server a: two [2J lines');
});

test('of a log the end is kept', () => {
  const log = new LogTail(10);
  for (const text of ['first line\n', 'second\n', '\n']) log.push(text);
  expect(log.text).toBe('e\nsecond\n\n');
  expect(log.lastLine(4)).toBe('seco');
});
