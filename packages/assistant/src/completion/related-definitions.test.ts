import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { testProject, testServers } from '../lsp/testing/real-servers.ts';
import { RelatedDefinitions } from './related-definitions.ts';

const bin = join(import.meta.dir, '../../../../node_modules/.bin');
const never = new AbortController().signal;

test('what is named before the cursor is told by its definition, as soon as the server knows', async () => {
  await using files = await testProject({
    'tsconfig.json': '{"compilerOptions":{"strict":true,"types":[]}}',
    'invoice.ts':
      '/** Of a customer. */\nexport function loadInvoice(customer: string): number {\n  return customer.length;\n}\n',
    'main.ts': '',
  });
  await using servers = testServers({ environment: { ...Bun.env, PATH: `${bin}:/usr/bin:/bin` } });
  const definitions = new RelatedDefinitions({ servers });
  const request = {
    project: files.project,
    filePath: files.path('main.ts'),
    prefix: `import { loadInvoice } from './invoice.js';\n\nconst total = loadInvoice(`,
    suffix: ');\n',
  };
  let found = await definitions.related(request, never);
  while (found.length === 0) {
    await new Promise(setImmediate);
    found = await definitions.related(request, never);
  }
  expect(found).toEqual([
    {
      path: 'invoice.ts',
      text: 'export function loadInvoice(customer: string): number {\n  return customer.length;\n}\n',
    },
  ]);
  const unknown = { ...request, filePath: files.path('notes.xyz') };
  expect(await definitions.related(unknown, never)).toEqual([]);
});
