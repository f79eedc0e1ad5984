import { expect, test } from 'bun:test';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { processTimeoutMs, zeke } from './testing/zeke-process.ts';

const fixture = join(import.meta.dir, '../../mcp/src/client/testing/fixture-program.ts');

async function place() {
  const folder = await temporaryDirectory();
  const cwd = join(folder.path, 'project');
  await mkdir(join(cwd, '.git'), { recursive: true });
  const run = (line: string, environment: Record<string, string> = {}) =>
    zeke(line.split(' '), { home: folder.path, cwd, environment });
  return {
    cwd,
    run,
    home: folder.path,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

test(
  'a server is added, tested, looked at, called and removed',
  async () => {
    await using one = await place();
    const added = await one.run(`mcp add one --env MODE=x -- ${process.execPath} ${fixture} both`);
    expect(added).toMatchObject({ code: 0, stdout: expect.stringContaining('added one to ') });
    const toml = await readFile(join(one.home, 'zeke.toml'), 'utf8');
    expect(toml).toContain('[mcp.servers.one]\ncommand = ');
    expect(toml).toContain('[mcp.servers.one.env]\nMODE = "x"\n');
    expect((await one.run('mcp add one --url http://x')).stderr).toContain('remove it first');

    const tested = await one.run('mcp test');
    expect(tested.stdout).toMatch(
      /✓ one: ready in \d+ ms, 2026-07-28, 15 tools, 2 resources, 1 prompts/,
    );
    const listed = JSON.parse((await one.run('mcp list --json')).stdout);
    expect(listed.servers).toMatchObject([{ name: 'one', status: 'ready', tools: 15 }]);

    const looked = await one.run('mcp inspect one');
    expect(looked.stdout).toContain('fixture 1.2.3, 2026-07-28');
    expect(looked.stdout).toContain('echo(text) Says it again');
    const called = await one.run('mcp inspect one add --args {"a":1,"b":2}');
    expect(JSON.parse(called.stdout)).toEqual({ sum: 3 });
    expect((await one.run('mcp inspect one --resource note://x')).stdout).toContain('note x');
    expect(await one.run('mcp inspect one fail')).toMatchObject({ code: 1 });
    const unknown = await one.run('mcp inspect one nothing');
    expect(unknown).toMatchObject({ code: 5, stderr: expect.stringContaining('it has: echo, ') });

    expect(await one.run('mcp remove one')).toMatchObject({ code: 0 });
    expect(await readFile(join(one.home, 'zeke.toml'), 'utf8')).not.toContain('mcp');
  },
  processTimeoutMs,
);

test(
  "a project's server is used after consent only, and asked for again when it changes",
  async () => {
    await using one = await place();
    const add = `mcp add --project theirs -- ${process.execPath} ${fixture}`;
    expect(await one.run(`${add} both`)).toMatchObject({ code: 0 });
    const refused = await one.run('mcp test theirs');
    expect(refused).toMatchObject({ code: 1, stdout: '✗ theirs: needs-consent\n' });
    expect(refused.stderr).toContain('zeke mcp approve theirs');
    expect(await one.run('mcp approve theirs')).toMatchObject({ code: 2 });
    const approved = await one.run('mcp approve theirs --yes');
    expect(approved).toMatchObject({ code: 0, stderr: expect.stringContaining('fixture-program') });
    expect(await one.run('mcp test theirs')).toMatchObject({ code: 0 });
    expect(await one.run('mcp remove theirs --project')).toMatchObject({ code: 0 });
    await one.run(`${add} legacy`);
    expect((await one.run('mcp test')).stderr).toContain('another than was agreed to');
  },
  processTimeoutMs,
);

test(
  'what cannot be is told, and no secret is an argument',
  async () => {
    await using one = await place();
    const wrong = (line: string) => one.run(line).then(({ code, stderr }) => ({ code, stderr }));
    expect(await wrong('mcp add x')).toMatchObject({ code: 2 });
    expect(await wrong('mcp add x --url http://y --header authorization=abc')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('a secret is no argument'),
    });
    expect(await wrong('mcp add x --url ftp://y')).toMatchObject({ code: 2 });
    expect(await wrong('mcp inspect x')).toMatchObject({ code: 5 });
    expect(await wrong('mcp inspect x y --args 1')).toMatchObject({ code: 2 });
    const variable = await one.run('mcp add x --url http://127.0.0.1:1 --header key=env:NOT_SET');
    expect(variable.stderr).toContain('NOT_SET is not set in this shell');
    const far = await one.run('mcp test x', { NOT_SET: 'set' });
    expect(far).toMatchObject({ code: 1, stderr: expect.stringContaining('MCP server x') });
    expect(await wrong('mcp logout x')).toMatchObject({ code: 6 });
  },
  processTimeoutMs,
);
