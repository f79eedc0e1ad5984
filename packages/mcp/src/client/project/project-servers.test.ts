// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the file, not of this one.
import { expect, test } from 'bun:test';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import fc from 'fast-check';
import { maxProjectFileBytes, parseProjectFile } from './project-file.ts';
import { answerProjectEntry, projectEntry, projectServers } from './project-servers.ts';

async function project(file: unknown) {
  const folder = await temporaryDirectory();
  const root = join(folder.path, 'project');
  await mkdir(root);
  const write = (content: unknown) =>
    Bun.write(
      join(root, '.mcp.json'),
      typeof content === 'string' ? content : JSON.stringify(content),
    );
  if (file !== undefined) await write(file);
  const place = { root, home: join(folder.path, 'home'), environment: { KEY: 'k' } };
  return { place, write, folder, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

const files = { command: 'npx', args: ['-y', 'files', '${KEY}'], env: { KEY: '${KEY}' } };

test('a project without the file has no servers', async () => {
  await using one = await project(undefined);
  expect(await projectServers(one.place)).toEqual([]);
});

test('a server takes consent, which holds for this entry and this project only', async () => {
  await using one = await project({ mcpServers: { files } });
  const reason = async () => (await projectServers(one.place))[0]?.needsConsent;
  expect(await reason()).toContain('nobody has agreed: zeke mcp approve files');
  await answerProjectEntry(one.place, await projectEntry(one.place, 'files'), true);
  expect(await reason()).toBeUndefined();
  // The same said in another order is the same.
  await one.write({ mcpServers: { files: { args: files.args, env: files.env, command: 'npx' } } });
  expect(await reason()).toBeUndefined();
  await one.write({ mcpServers: { files: { ...files, args: ['-y', 'evil'] } } });
  expect(await reason()).toContain('is another than was agreed to');
  await answerProjectEntry(one.place, await projectEntry(one.place, 'files'), false);
  expect(await reason()).toContain('it was refused');
  const elsewhere = { ...one.place, root: one.folder.path };
  await Bun.write(join(elsewhere.root, '.mcp.json'), JSON.stringify({ mcpServers: { files } }));
  expect((await projectServers(elsewhere))[0]?.needsConsent).toContain('nobody has agreed');
});

test('a link to the project is the project', async () => {
  await using one = await project({ mcpServers: { files } });
  await answerProjectEntry(one.place, await projectEntry(one.place, 'files'), true);
  const link = join(one.folder.path, 'link');
  await symlink(one.place.root, link);
  expect((await projectServers({ ...one.place, root: link }))[0]?.needsConsent).toBeUndefined();
});

test('programs and addresses, with their variables', async () => {
  await using one = await project({
    mcpServers: {
      files,
      far: {
        type: 'http',
        url: 'https://${HOST:-example.com}/mcp',
        headers: { 'X-Key': '${KEY}' },
      },
      old: { type: 'sse', url: 'http://example.com/sse' },
      live: { url: 'wss://example.com' },
    },
  });
  const servers = await projectServers(one.place);
  expect(servers.map(({ config }) => config)).toMatchObject([
    { transport: 'stdio', command: 'npx', args: ['-y', 'files', 'k'] },
    { transport: 'http', url: 'https://example.com/mcp' },
    { transport: 'sse' },
    { transport: 'websocket' },
  ]);
  const [first, second] = servers.map(({ config }) => config);
  expect(first?.transport === 'stdio' && first.env.KEY?.reveal()).toBe('k');
  expect(second?.transport === 'http' && second.headers['x-key']?.reveal()).toBe('k');
});

test('what is wrong with one hinders no other', async () => {
  await using one = await project({
    mcpServers: {
      files,
      'a b': files,
      unset: { command: 'x', args: ['${NOBODY}', '${NOWHERE}'] },
      both: { command: 'x', url: 'http://y' },
      odd: { url: 'file:///etc/passwd' },
      list: [],
      args: { command: 'x', args: [1] },
    },
  });
  const servers = await projectServers(one.place);
  expect(servers.map(({ fault }) => fault)).toEqual([
    undefined,
    expect.stringContaining('at most 64 letters'),
    'environment variables that are not set: NOBODY, NOWHERE',
    'it needs a command or a url',
    'file:///etc/passwd: it is no address for http',
    expect.stringContaining('.mcp.json: '),
    expect.stringContaining('.mcp.json: args.0: '),
  ]);
});

test.each(['{', '[]', '{"mcpServers": 1}', ' '.repeat(maxProjectFileBytes + 1)])(
  'a file that is none of ours is told (%#)',
  async (text) => {
    await using one = await project(text);
    const read = projectServers(one.place);
    await expect(read).rejects.toMatchObject({ code: 'failed_precondition' });
    await expect(read).rejects.toThrow('.mcp.json');
  },
);

test('any JSON: servers, faults, or one error of ours', () => {
  const entry = fc.record(
    { command: fc.jsonValue(), args: fc.jsonValue(), url: fc.jsonValue(), type: fc.jsonValue() },
    { requiredKeys: [] },
  );
  const file = fc.oneof(
    fc.json(),
    fc
      .dictionary(fc.string(), fc.oneof(entry, fc.jsonValue()))
      .map((mcpServers) => JSON.stringify({ mcpServers })),
  );
  fc.assert(
    fc.property(file, (text) => {
      try {
        for (const { hash, server } of parseProjectFile(text, {})) {
          expect(hash).toHaveLength(64);
          expect('fault' in server || server.transport !== undefined).toBe(true);
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'failed_precondition' });
      }
    }),
  );
});
