import { expect, test } from 'bun:test';
import { dirname, join } from 'node:path';
import { diagnosticsOf } from './diagnostics.ts';
import { definitionsAt } from './queries.ts';
import { testProject, testServers } from './testing/real-servers.ts';

const bin = join(dirname(new URL(import.meta.url).pathname), '../../../../node_modules/.bin');

test('TypeScript 7 is its own language server, and answers what is wrong when it is asked', async () => {
  await using files = await testProject({
    'tsconfig.json': '{"compilerOptions":{"strict":true,"types":[]}}',
    'a.ts': 'export const one: string = 1;\n',
    'b.ts': `import { one } from './a.js';\none;\n`,
  });
  await using servers = testServers({ environment: { ...Bun.env, PATH: `${bin}:/usr/bin:/bin` } });
  const { project, path } = files;
  const never = new AbortController().signal;
  const paths = [path('a.ts'), path('b.ts')];
  const before = await diagnosticsOf(servers, project, paths, never);
  expect(before.unchecked).toEqual([]);
  expect(before.diagnostics.map((each) => [each.path, each.code])).toEqual([
    [path('a.ts'), '2322'],
  ]);
  await files.write({ 'a.ts': 'export const two: string = "";\n' });
  const after = await diagnosticsOf(servers, project, paths, never);
  expect(after.diagnostics.map((each) => [each.path, each.code])).toEqual([[path('b.ts'), '2305']]);
  const query = { project, path: path('b.ts'), line: 1, symbol: './a.js' };
  const { locations } = await definitionsAt(servers, query, never);
  expect(locations.map((each) => each.path)).toEqual([path('a.ts')]);
  expect(servers.status()).toMatchObject([{ name: 'typescript', state: 'running' }]);
});
