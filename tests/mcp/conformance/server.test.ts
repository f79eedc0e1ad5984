import { afterAll, expect, test } from 'bun:test';
import { expectedFailures } from './expected-failures.ts';
import { revisions, runSuite } from './run-suite.ts';
import { serveFixture } from './serve-fixture.ts';

const fixture = serveFixture();
afterAll(() => fixture[Symbol.asyncDispose]());

for (const revision of revisions) {
  test(`the server does what ${revision} requires`, async () => {
    const { failed, isConformant, output, passed } = await runSuite('server', revision, [
      '--url',
      fixture.url,
    ]);
    const unexpected = failed.filter((name) => !(name in expectedFailures.server));
    expect({ isConformant, unexpected }, output).toEqual({ isConformant: true, unexpected: [] });
    expect(passed.length).toBeGreaterThan(30);
    expect(passed.filter((name) => name in expectedFailures.server)).toEqual([]);
  }, 60_000);
}
