import { expect, test } from 'bun:test';
import { chmod, symlink } from 'node:fs/promises';
import { findServers } from './find-server.ts';
import { serverSpecs } from './language-server-spec.ts';
import { testProject } from './testing/real-servers.ts';

const program = '#!/bin/sh\n';

async function project() {
  const files = await testProject({
    'bin/gopls': program,
    'bin/typescript-language-server': program,
    'outside/node_modules/.bin/tsc': program,
    'p/node_modules/.bin/typescript-language-server': program,
    'p/node_modules/typescript/package.json': '{"name":"typescript","version":"7.1.0"}',
    'p/node_modules/typescript/bin/tsc': program,
    'p/app/node_modules/typescript/package.json': '{"name":"typescript","version":"5.9.3"}',
    'p/app/node_modules/typescript/bin/tsc': program,
    'p/service/go.mod': 'module x',
    'p/service/cmd/main.go': 'package main',
  });
  for (const name of [
    ...['bin/gopls', 'bin/typescript-language-server'],
    ...['p/node_modules/.bin/typescript-language-server', 'p/node_modules/typescript/bin/tsc'],
    'p/app/node_modules/typescript/bin/tsc',
  ]) {
    await chmod(files.path(name), 0o755);
  }
  await symlink('../typescript/bin/tsc', files.path('p/node_modules/.bin/tsc'));
  return files;
}

test('programs of the project come first, and only in a version that is a server', async () => {
  await using files = await project();
  const root = files.path('p');
  const options = {
    specs: serverSpecs(new Map()),
    project: { root, name: 'p' },
    searchPath: `${files.path('bin')}:relative:`,
  };
  const found = await findServers(`${root}/app/src/a.ts`, options);
  expect(found.map(({ command, runsProjectCode }) => [command[0], runsProjectCode])).toEqual([
    [`${root}/node_modules/.bin/tsc`, true],
    [`${root}/node_modules/.bin/typescript-language-server`, true],
    [files.path('bin/typescript-language-server'), true],
  ]);
  const go = await findServers(`${root}/service/cmd/main.go`, options);
  expect(
    go.map(({ command, root: at, runsProjectCode }) => [command[0], at, runsProjectCode]),
  ).toEqual([[files.path('bin/gopls'), `${root}/service`, false]]);
  expect(await findServers('/etc/main.go', options)).toEqual([]);
});

test('configured servers stand before those that are known, and take their place', () => {
  const specs = serverSpecs(
    new Map([
      ['typescript', { enabled: true, command: ['my-tsc', '--lsp'] }],
      ['gopls', { enabled: false }],
      ['nix', { enabled: true, command: ['nixd'], extensions: ['.nix'] }],
    ]),
  );
  expect(specs.slice(0, 2)).toMatchObject([
    {
      name: 'typescript',
      command: ['my-tsc', '--lsp'],
      extensions: ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs'],
    },
    { name: 'nix', command: ['nixd'], extensions: ['.nix'] },
  ]);
  expect(specs[0]?.package).toBeUndefined();
  expect(specs.filter(({ name }) => name === 'typescript' || name === 'gopls')).toHaveLength(1);
  expect(() => serverSpecs(new Map([['x', { enabled: true, command: ['x'] }]]))).toThrow(
    'assistant.lsp.x.extensions',
  );
});
