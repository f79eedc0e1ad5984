import { expect, test } from 'bun:test';
import { runZrpc } from './testing/run-zrpc.ts';

test('the help', async () => {
  const { code, stdout, stderr } = await runZrpc(['--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const commands = stdout.slice(stdout.indexOf('Commands:'), stdout.indexOf('\n\nTargets:'));
  expect(commands).toContain(
    '  call [target] <Service/Method> [request]   call a method, with requests and responses in JSON\n',
  );
  expect(commands).toContain('  gen [file or folder...] ');
  expect(stdout).toEndWith(`Environment:
  ZRPC_TARGET  the target where none is given
  NO_COLOR     no colours

The exit status is the number of a gRPC status: 0 OK, 3 wrong usage, 14 not reachable; 130 interrupted.
`);
});

test.each(['call', 'list', 'describe', 'gen', 'bench', 'completion'])(
  'the help of %s has examples, and lines that fit',
  async (name) => {
    const { code, stdout } = await runZrpc([name, '--help']);
    expect(code).toBe(0);
    expect(stdout).toStartWith(`Usage: zrpc ${name} `);
    const [, examples = ''] = stdout.split('\nExamples:\n');
    expect(examples.split('\n')[0]).toContain(`zrpc ${name} `);
    expect(stdout.split('\n').filter((line) => line.length > 104)).toEqual([]);
  },
);

test('nothing, half a command and a misspelt one are told what there is', async () => {
  const nothing = await runZrpc([]);
  expect(nothing).toMatchObject({ code: 3, stdout: '' });
  expect(nothing.stderr).toStartWith('Usage: zrpc [options] [command]\n');
  expect(await runZrpc(['cal'])).toEqual({
    code: 3,
    stdout: '',
    stderr: "zrpc: unknown command 'cal' (--help shows what there is)\n(Did you mean call?)\n",
  });
  const { stderr } = await runZrpc(['list', '--jsn', '--json']);
  expect(JSON.parse(stderr)).toEqual({
    error: {
      code: 'invalid_argument',
      message: "unknown option '--jsn' (--help shows what there is)\n(Did you mean --json?)",
    },
  });
});

test('the version', async () => {
  const { stdout } = await runZrpc(['--version']);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('where it failed is shown to those who look for it', async () => {
  const environment = { ZRPC_DEBUG: '1' };
  const { stderr } = await runZrpc(['list', 'nonsense:'], { environment });
  expect(stderr).toContain('\n    at ');
  expect((await runZrpc(['list', 'nonsense:'])).stderr).not.toContain('\n    at ');
});
