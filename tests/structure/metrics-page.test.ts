import { expect, test } from 'bun:test';
import { allMetrics, readPage, withMetrics } from '../../scripts/metrics-page.ts';

const families = await allMetrics();

test('the reference has every metric; bun scripts/metrics-page.ts writes it', async () => {
  const page = await readPage();
  expect(withMetrics(page, families)).toBe(page);
});

test('names and labels follow the conventions of Prometheus', () => {
  // https://prometheus.io/docs/practices/naming/
  for (const { help, labels, name, type } of families) {
    expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
    expect([name, help.length > 10, help.endsWith('.')]).toEqual([name, true, true]);
    for (const label of labels) expect(label).toMatch(/^[a-z][a-z0-9_.]*$/);
    expect(name).not.toMatch(/_(ms|milliseconds|microseconds|kb|mb)(_|$)/);
  }
  expect(new Set(families.map(({ name }) => name)).size).toBe(families.length);
});

test('a page without markers is told, not overwritten', () => {
  expect(() => withMetrics('# Metrics', [])).toThrow('the page has no');
});
