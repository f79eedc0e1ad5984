import { expect, test } from 'bun:test';
import { diagnosticsOf } from './diagnostics.ts';
import { definitionsAt } from './queries.ts';
import { documentSymbols } from './symbols.ts';
import { install, testProject, testServers } from './testing/real-servers.ts';

test('bash-language-server: definitions across files, symbols, and diagnostics that it publishes', async () => {
  await using files = await testProject({
    'lib.sh': 'greet() {\n  echo "hello $1"\n}\n',
    'main.sh': '#!/bin/bash\n. ./lib.sh\ngreet Ada\n',
  });
  await install(files, 'bash-language-server');
  await using servers = testServers({ limits: { diagnosticsMs: 4_000 } });
  const { project, path } = files;
  const never = new AbortController().signal;
  const report = await diagnosticsOf(servers, project, [path('main.sh'), path('lib.sh')], never);
  expect(report.unchecked).toEqual([]);
  const query = { project, path: path('main.sh'), line: 3, symbol: 'greet' };
  const { locations } = await definitionsAt(servers, query, never);
  expect(locations).toMatchObject([
    { path: path('lib.sh'), span: { start: { line: 1 } }, text: 'greet() {' },
  ]);
  const symbols = await documentSymbols(servers, project, path('lib.sh'), never);
  expect(symbols.map(({ name, kind }) => [name, kind])).toEqual([['greet', 'function']]);
});
