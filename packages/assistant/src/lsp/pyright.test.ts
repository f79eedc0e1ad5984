import { expect, test } from 'bun:test';
import { diagnosticsOf } from './diagnostics.ts';
import { hoverAt, referencesAt } from './queries.ts';
import { install, testProject, testServers } from './testing/real-servers.ts';

/** For a machine that has much else to do: nothing is waited for that comes. */
const limits = { initializeMs: 60_000, requestMs: 60_000, diagnosticsMs: 60_000 };

test('pyright: what is wrong, what something is, where it is used; files made meanwhile are seen', async () => {
  await using files = await testProject({
    'shapes.py': 'def area(width: int) -> int:\n    return width\n',
    'main.py': 'from shapes import area\nfrom later import more\n\nprint(area("x"))\n',
  });
  await install(files, 'pyright');
  await using servers = testServers({ limits });
  const { project, path } = files;
  const never = new AbortController().signal;
  const before = await diagnosticsOf(servers, project, [path('main.py')], never);
  expect(before.unchecked).toEqual([]);
  expect(before.diagnostics.map(({ code, span }) => [code, span.start])).toEqual([
    ['reportMissingImports', { line: 2, column: 6 }],
    ['reportArgumentType', { line: 4, column: 12 }],
  ]);
  await files.write({
    'later.py': 'more = 1\n',
    'shapes.py': 'def area(width: str) -> int:\n    return 1\n',
  });
  const after = await diagnosticsOf(servers, project, [path('main.py')], never);
  expect(after).toEqual({ diagnostics: [], unchecked: [] });
  const at = { project, path: path('shapes.py'), symbol: 'area' };
  expect((await hoverAt(servers, at, never)).text).toContain('(width: str) -> int');
  expect((await referencesAt(servers, at, never)).locations.map((each) => each.text)).toEqual([
    'from shapes import area',
    'print(area("x"))',
    'def area(width: str) -> int:',
  ]);
}, 120_000);
