import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { join } from 'node:path';
import {
  skipsWithout,
  type TemporaryDirectory,
  temporaryDirectory,
} from '@zeke/foundation/testing';
import { complete, type NameKind } from './complete.ts';
import { createContext } from './context.ts';
import { createProgram } from './program.ts';
import { processTimeoutMs } from './testing/zeke-process.ts';

setDefaultTimeout(processTimeoutMs);

const program = createProgram(createContext(process), () => {});

const names: Readonly<Record<NameKind, readonly string[]>> = {
  models: ['openai/gpt-4o', 'ollama/qwen3:8b'],
  providers: ['work', 'found'],
  'written-providers': ['work'],
  'provider-types': ['openai', 'ollama', 'xai'],
  keys: ['key_1'],
  orgs: ['acme'],
  teams: ['research'],
  users: ['ada'],
  secrets: ['openai', 'proxy'],
  'mcp-servers': ['files'],
  'usage-groups': ['day', 'model'],
};

describe('what may follow', () => {
  test.each([
    ['', 'pro', ['providers']],
    ['prices', '', ['show', 'refresh']],
    ['prices show', 'openai', ['openai/gpt-4o']],
    ['prices refresh', '--', ['--json', '--from', '--help']],
    ['prices refresh --from', '', []],
    ['providers', '', ['list', 'add', 'test', 'remove']],
    ['providers add', 'o', ['openai', 'ollama']],
    ['providers add openai', '', []],
    ['providers test', '', ['work', 'found']],
    ['providers remove', '', ['work']],
    ['keys revoke', 'key', ['key_1']],
    ['keys create a --user', '', ['ada']],
    ['teams create b --org', '', ['acme']],
    ['users set', '', ['ada']],
    ['secrets', '', ['list', 'get', 'set', 'rotate', 'delete']],
    ['secrets rotate', 'op', ['openai']],
    ['secrets delete', '', ['openai', 'proxy']],
    ['budgets set', 't', ['team', 'tag']],
    ['budgets set key laptop 1 --per', 'm', ['month']],
    ['up', '--d', ['--demo']],
    ['up', '--', ['--config', '--demo', '--open', '--host', '--port', '--help']],
    ['chat -m', '', ['openai/gpt-4o', 'ollama/qwen3:8b']],
    ['chat --model', 'ol', ['ollama/qwen3:8b']],
    ['chat -m openai/gpt-4o', '--s', ['--system']],
    ['usage --by', '', ['day', 'model']],
    ['usage --by', 'day,', ['day,model']],
    ['usage --by', 'day,mo', ['day,model']],
    ['completion', '', ['bash', 'zsh', 'fish']],
    ['up --config', '', []],
  ])('zeke %s %s', async (before, current, expected) => {
    const words = [...before.split(' ').filter(Boolean), current];
    const found = await complete(program, words, async (kind) => names[kind]);
    expect(found.map(({ value }) => value)).toEqual(expected);
  });
});

describe('the scripts, in the shells themselves', () => {
  let home: TemporaryDirectory;

  beforeAll(async () => {
    home = await temporaryDirectory();
  });

  afterAll(() => home[Symbol.asyncDispose]());

  async function shell(command: string[]): Promise<string[]> {
    const child = Bun.spawn(command, {
      cwd: home.path,
      env: {
        PATH: `${join(import.meta.dir, '../../..')}:${process.env.PATH}`,
        HOME: home.path,
        ZEKE_HOME: home.path,
      },
      stderr: 'pipe',
    });
    const [out, err] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    expect(err).toBe('');
    return out.trim().split('\n');
  }

  test('bash', async () => {
    const script = `source <(zeke completion bash)
      COMP_WORDS=(zeke providers add op) COMP_CWORD=3; _zeke zeke; printf '%s\\n' "\${COMPREPLY[@]}"
      COMP_WORDS=(zeke up --de) COMP_CWORD=2; _zeke zeke; printf '%s\\n' "\${COMPREPLY[@]}"
      complete -p zeke`;
    expect(await shell(['bash', '--norc', '-c', script])).toEqual([
      'openai',
      '--demo',
      'complete -o default -F _zeke zeke',
    ]);
  });

  test('the commands of zeke rpc are those of zrpc', async () => {
    const script = `source <(zeke completion bash)
      COMP_WORDS=(zeke rpc li) COMP_CWORD=2; _zeke zeke; printf '%s\\n' "\${COMPREPLY[@]}"
      COMP_WORDS=(zeke rpc call --gr) COMP_CWORD=3; _zeke zeke; printf '%s\\n' "\${COMPREPLY[@]}"`;
    expect(await shell(['bash', '--norc', '-c', script])).toEqual(['list', '--grpc', '--grpc-web']);
  });

  test.skipIf(skipsWithout('zsh'))('zsh', async () => {
    const script = `compdef() { print compdef $@ }; _describe() { print -l -- $candidates }; _files() { print files }
      source <(zeke completion zsh)
      words=(zeke providers add op) CURRENT=4; _zeke
      words=(zeke up --de) CURRENT=3; _zeke
      words=(zeke up --config '') CURRENT=4; _zeke`;
    expect(await shell(['zsh', '-f', '-c', script])).toEqual([
      'compdef _zeke zeke',
      'openai:',
      '--demo:start emulated providers too, to try it without any key',
      'files',
    ]);
  });

  test.skipIf(skipsWithout('fish'))('fish', async () => {
    const script = `zeke completion fish | source
      complete -C 'zeke providers add op'
      complete -C 'zeke up --de'
      complete -C 'zeke chat --sys'`;
    expect(await shell(['fish', '--no-config', '-c', script])).toEqual([
      'openai',
      '--demo\tstart emulated providers too, to try it without any key',
      '--system\twhat the model should be told first',
    ]);
  });
});
