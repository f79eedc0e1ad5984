import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Listener } from '../../core/call.ts';
import { listenHttp2 } from '../../transports/http2/listen-http2.ts';
import { runZrpc } from '../testing/run-zrpc.ts';
import { shopProto, shopServer } from '../testing/shop-service.ts';
import { processTimeoutMs } from '../testing/zrpc-process.ts';

setDefaultTimeout(processTimeoutMs);

let listener: Listener;
let grpc: string;

beforeAll(async () => {
  const { handler } = shopServer();
  listener = await listenHttp2({ host: '127.0.0.1', port: 0, handler });
  grpc = listener.address.replace('http', 'grpc');
});

afterAll(() => listener.close({ graceMs: 0 }));

async function candidates(...words: string[]): Promise<string[]> {
  const { stdout } = await runZrpc(['__complete', 'bash', ...words]);
  return stdout.split('\n').filter(Boolean);
}

describe('what may follow', () => {
  test('commands, flags and their choices', async () => {
    expect(await candidates('de')).toEqual(['describe']);
    expect(await candidates('call', '--emit')).toEqual(['--emit-defaults']);
    expect(await candidates('call', '--compression', '')).toEqual(['gzip', 'zstd']);
    expect(await candidates('completion', '')).toEqual(['bash', 'zsh', 'fish']);
    expect(await candidates('call', '--proto', '')).toEqual([]);
  });

  test('names of the server, or of the files', async () => {
    const methods = ['shop.v1.Orders/GetOrder', 'shop.v1.Stock/Count'];
    expect(await candidates('call', grpc, 'shop.v1.')).toEqual(expect.arrayContaining(methods));
    expect(await candidates('call', '--grpc', grpc, 'shop.v1.S')).toEqual(['shop.v1.Stock/Count']);
    expect(await candidates('list', grpc, 'shop')).toEqual(['shop.v1.Orders', 'shop.v1.Stock']);
    expect(await candidates('describe', '--proto', shopProto, 'shop.v1.S')).toEqual([
      'shop.v1.Stock/Count',
    ]);
  });

  test('nothing where there is nothing to say', async () => {
    expect(await candidates('call', grpc, 'shop.v1.Orders/GetOrder', '')).toEqual([]);
    expect(await candidates('call', '')).toEqual([]);
    expect(await candidates('call', 'grpc://127.0.0.1:1', '')).toEqual([]);
  });
});

describe('the scripts, in the shells themselves', () => {
  let bin: string;

  beforeAll(async () => {
    bin = await mkdtemp(join(tmpdir(), 'zrpc-completion-'));
    await symlink(join(import.meta.dirname, '../../zrpc.ts'), join(bin, 'zrpc'));
    await symlink(process.execPath, join(bin, 'bun'));
  });

  afterAll(() => rm(bin, { recursive: true }));

  async function shell(...command: string[]): Promise<string[]> {
    const child = Bun.spawn(command, {
      env: { PATH: `${bin}:${process.env.PATH}`, HOME: bin },
      stderr: 'pipe',
    });
    const [out, err] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    expect(err).toBe('');
    return out.trim().split('\n');
  }

  function has(command: string): boolean {
    return spawnSync(command, ['-c', ':']).error === undefined;
  }

  test('bash, which parts words at colons', async () => {
    const script = `source <(zrpc completion bash)
      COMP_LINE='zrpc call --emi' COMP_POINT=15
      COMP_WORDS=(zrpc call --emi) COMP_CWORD=2; _zrpc zrpc; printf '%s\\n' "\${COMPREPLY[@]}"
      COMP_LINE="zrpc list ${grpc}  shop.v1.S" COMP_POINT=\${#COMP_LINE}
      COMP_WORDS=(zrpc list grpc : ${grpc.slice(5).replace(':', ' : ')} shop.v1.S) COMP_CWORD=7
      _zrpc zrpc; printf '%s\\n' "\${COMPREPLY[@]}"
      complete -p zrpc`;
    expect(await shell('bash', '--norc', '-c', script)).toEqual([
      '--emit-defaults',
      'shop.v1.Stock',
      'complete -o default -F _zrpc zrpc',
    ]);
  });

  test.skipIf(!has('zsh'))('zsh', async () => {
    const script = `compdef() { print compdef $@ }; _describe() { print -l -- $candidates }; _files() { print files }
      source <(zrpc completion zsh)
      words=(zrpc list ${grpc} shop.v1.S) CURRENT=4; _zrpc
      words=(zrpc call --proto '') CURRENT=4; _zrpc`;
    expect(await shell('zsh', '-f', '-c', script)).toEqual([
      'compdef _zrpc zrpc',
      'shop.v1.Stock:',
      'files',
    ]);
  });

  test.skipIf(!has('fish'))('fish', async () => {
    const script = `zrpc completion fish | source
      complete -C 'zrpc list ${grpc} shop.v1.S'
      complete -C 'zrpc call --emi'`;
    expect(await shell('fish', '--no-config', '-c', script)).toEqual([
      'shop.v1.Stock',
      '--emit-defaults\tshow fields that have their default value, too',
    ]);
  });
});
