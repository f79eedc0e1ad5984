import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { readRestNews } from '../routing/rest-news.ts';
import { readSessionNews } from '../routing/sessions.ts';
import { announcementText, readAnnouncement, topics } from './announcement.ts';

test('what is announced is read as it was said', () => {
  const detail = fc.option(fc.jsonValue(), { nil: undefined });
  fc.assert(
    fc.property(fc.constantFrom(...topics), fc.uuid(), detail, (topic, from, said) => {
      const announcement = { from, topic, ...(said === undefined ? {} : { detail: said }) };
      const text = announcementText(announcement);
      expect(readAnnouncement(text)).toEqual(JSON.parse(text));
    }),
  );
});

test('whatever else is said on the channel is no announcement, and throws nothing', () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.record({ from: fc.anything(), topic: fc.string(), detail: fc.jsonValue() }).map((each) => {
      return JSON.stringify(each, (_, value) => (typeof value === 'bigint' ? 0 : value)) ?? '';
    }),
  );
  fc.assert(
    fc.property(text, (said) => {
      const read = readAnnouncement(said);
      if (read) expect(topics).toContain(read.topic);
    }),
  );
  expect(readAnnouncement(' '.repeat(70_000))).toBeUndefined();
});

test('details of any kind are read as news, or as nothing', () => {
  const names = { provider: fc.string(), model: fc.string(), key: fc.string() };
  const account = fc.option(fc.record({ label: fc.string(), fingerprint: fc.anything() }));
  const what = fc.constantFrom('open', 'closed', 'rests', 'refused', 'back', 'else');
  const almost = fc.record({ ...names, account, what, forMs: fc.anything() });
  fc.assert(
    fc.property(fc.oneof(fc.anything(), almost), (detail) => {
      const news = readRestNews(detail);
      if (news?.what === 'rests') expect(news.forMs).toBeGreaterThanOrEqual(0);
      const session = readSessionNews(detail);
      if (session) expect(typeof session.key).toBe('string');
    }),
  );
});
