import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Emulator, startOpenAiEmulator } from '@zeke/emulators';
import { type TemporaryDirectory, temporaryDirectory } from '@zeke/foundation/testing';
import { exitCodes } from './exit-codes.ts';
import {
  processTimeoutMs,
  type RunningZeke,
  startZeke,
  zeke,
  zekeUp,
} from './testing/zeke-process.ts';

setDefaultTimeout(processTimeoutMs);

const adminKey = 'admin-key-of-the-tests';

let home: TemporaryDirectory;
let server: RunningZeke;
/** What a user sets to talk to the server of these tests. */
let there: Record<string, string>;

beforeAll(async () => {
  home = await temporaryDirectory();
  const auth = `[auth]\nrequire_auth = true\nadmin_api_key = "${adminKey}"\n`;
  await writeFile(join(home.path, 'zeke.toml'), auth);
  server = await zekeUp(['--demo'], { home: home.path });
  there = { ZEKE_URL: server.url, ZEKE_API_KEY: adminKey };
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

function run(args: string, extra: { input?: string; environment?: Record<string, string> } = {}) {
  const { environment, ...rest } = extra;
  return zeke(args.split(' '), {
    home: home.path,
    environment: { ...there, ...environment },
    ...rest,
  });
}

describe('with a server', () => {
  test('models are listed, and say that they are emulated', async () => {
    const { code, stdout } = await run('models');
    expect(code).toBe(exitCodes.ok);
    expect(stdout).toContain('demo-anthropic/claude-sonnet-4-5 (emulated)\n');
    const { models } = JSON.parse((await run('models --json')).stdout);
    expect(models).toContainEqual({
      id: 'demo-openai/gpt-4o',
      provider: 'demo-openai',
      emulated: true,
    });
  });

  test('chat answers the words, what is piped in, or both', async () => {
    const words = await run('chat -m demo-openai/gpt-4o hello there');
    expect(words).toEqual({
      code: exitCodes.ok,
      stdout: 'This is an emulated answer from gpt-4o. You said: hello there\n',
      stderr: '',
    });
    const piped = await run('chat --json -m demo-openai/gpt-4o', { input: 'from a pipe\n' });
    expect(JSON.parse(piped.stdout)).toEqual({
      model: 'gpt-4o',
      text: 'This is an emulated answer from gpt-4o. You said: from a pipe',
      finishReason: 'stop',
      usage: { inputTokens: 3, outputTokens: 16 },
    });
  });

  test('a key is made, listed, used and revoked', async () => {
    const made = await run('keys create laptop --model demo-openai/* --expires 30d');
    expect(made.code).toBe(exitCodes.ok);
    const secret = made.stdout.trim();
    expect(secret).toMatch(/^zk-[\w-]{43}$/);
    const id = /key_\w+/.exec(made.stderr)?.[0] ?? '';
    const [listed] = JSON.parse((await run('keys list --json')).stdout).keys;
    expect(listed).toMatchObject({ id, name: 'laptop', allowedModels: ['demo-openai/*'] });
    const environment = { ZEKE_API_KEY: secret };
    expect((await run('chat -m demo-openai/gpt-4o hi', { environment })).code).toBe(exitCodes.ok);
    const other = await run('chat -m demo-gemini/gemini-2.5-flash hi', { environment });
    expect(other.code).toBe(exitCodes.unauthorized);
    expect((await run(`keys revoke ${id}`)).stdout).toBe(`revoked ${id} "laptop"\n`);
    const after = await run('chat -m demo-openai/gpt-4o hi', { environment });
    expect(after.code).toBe(exitCodes.unauthorized);
    expect(after.stderr).toContain('was revoked');
  });

  test('a key is revoked by its name where one usable key has it', async () => {
    await run('keys create twin');
    await run('keys create twin');
    const several = await run('keys revoke twin');
    expect(several.code).toBe(exitCodes.usage);
    const ids = [...several.stderr.matchAll(/key_\w+/g)].map(([id]) => id);
    expect(ids).toHaveLength(2);
    await run(`keys revoke ${ids[0]}`);
    expect((await run('keys revoke twin')).stdout).toBe(`revoked ${ids[1]} "twin"\n`);
    expect((await run('keys list')).stdout).toMatch(/ KEY +LAST USED .*\n.* zk-…[\w-]{4} /);
  });

  test('a key has the tier that it is made with or given, one that is configured', async () => {
    const made = JSON.parse((await run('keys create paced --tier pro --json')).stdout);
    expect(made.key).toMatchObject({ name: 'paced', tier: 'pro' });
    expect((await run('keys tier paced enterprise')).stdout).toContain('the tier enterprise');
    expect((await run('keys list')).stdout).toMatch(/ MODELS +TIER .*\n(.*\n)*.* enterprise /);
    expect((await run('keys tier paced')).stdout).toContain('the tier default');
    const wrong = await run('keys tier paced gold');
    expect(wrong.code).toBe(exitCodes.usage);
    expect(wrong.stderr).toContain('there are free, pro, enterprise, unlimited');
  });

  test('a key that would be dead at once, or has no fitting name, is not made', async () => {
    const past = await run('keys create old --expires 2020-01-01');
    expect(past.code).toBe(exitCodes.usage);
    expect(past.stderr).toContain('--expires: 2020-01-01 is in the past');
    expect((await run('keys create old --expires 2999-02-30')).stderr).toContain('is no time');
    const named = await zeke(['keys', 'create', 'two\nlines'], {
      home: home.path,
      environment: there,
    });
    expect(named.code).toBe(exitCodes.usage);
    expect(named.stderr).toContain('name: it has a line break');
  });

  test('usage is summed up by what is asked for', async () => {
    await run('chat -m demo-openai/gpt-4o count me');
    const { stdout } = await run('usage --by provider,model --from 1d --json');
    const { groupBy, rows } = JSON.parse(stdout);
    expect(groupBy).toEqual(['provider', 'model']);
    expect(rows).toContainEqual(
      expect.objectContaining({ provider: 'demo-openai', model: 'gpt-4o', failed: 0 }),
    );
    const table = (await run('usage')).stdout;
    expect(table).toMatch(
      /^DAY +CALLS +FAILED +CANCELED +REFUSED +HITS +INPUT +CACHED +OUTPUT +USD\n\d{4}-\d\d-\d\d +\d+/,
    );
    const turned = await run('usage --from 2026-02-02 --to 2026-02-01');
    expect(turned.code).toBe(exitCodes.usage);
    expect(turned.stderr).toContain('--from: 2026-02-02 is later than --to 2026-02-01');
  });

  test('usage by key says whose key it was', async () => {
    const environment = { ZEKE_API_KEY: (await run('keys create ci --owner ada')).stdout.trim() };
    await run('chat -m demo-openai/gpt-4o count me', { environment });
    expect((await run('usage --by key')).stdout).toMatch(
      /^KEY +NAME +OWNER +CALLS.*[\s\S]* ci +ada +1 /,
    );
    const { rows } = JSON.parse((await run('usage --by key,owner --json')).stdout);
    expect(rows).toContainEqual(expect.objectContaining({ keyName: 'ci', keyOwner: 'ada' }));
  });

  test('providers are listed and tested', async () => {
    expect((await run('providers list')).stdout).toContain('demo-ollama     ollama     emulated\n');
    const tested = await run('providers test demo-openai --json');
    expect(tested.code).toBe(exitCodes.ok);
    expect(JSON.parse(tested.stdout).providers).toMatchObject([
      { name: 'demo-openai', type: 'openai', status: 'ok' },
    ]);
    expect((await run('providers test')).stdout).toMatch(
      /^STATUS {2}NAME +MODELS +MS {2}WHAT IS WRONG\nok {6}demo-openai +\d+ +\d+\n/,
    );
  });
});

describe('exit codes', () => {
  test.each([
    ['nonsense', {}, exitCodes.usage, "unknown command 'nonsense'"],
    ['chat --nope', {}, exitCodes.usage, "unknown option '--nope'"],
    ['usage --by colour', {}, exitCodes.usage, 'colour is not one of day, key'],
    ['chat', {}, exitCodes.usage, 'nothing to ask'],
    ['models', { ZEKE_URL: 'http://127.0.0.1:1' }, exitCodes.unreachable, 'zeke up'],
    ['models', { ZEKE_API_KEY: 'wrong' }, exitCodes.unauthorized, 'zeke keys create'],
    ['chat -m demo-openai/gpt-4p hi', {}, exitCodes.notFound, 'gpt-4'],
    ['keys revoke key_none', {}, exitCodes.notFound, 'zeke keys list'],
    ['providers test nope', {}, exitCodes.notFound, 'there are demo-openai'],
    ['config check --config nope.toml', {}, exitCodes.configuration, ''],
  ])('%s %o ends with %d', async (args, environment, code, message) => {
    const result = await run(args, { environment });
    expect(result.stderr).toContain(message);
    expect(result.stderr).not.toContain('    at ');
    expect(result.code).toBe(code);
  });

  test('with --json, errors are JSON too', async () => {
    const { code, stderr, stdout } = await run('keys revoke key_none --json');
    expect(code).toBe(exitCodes.notFound);
    expect(stdout).toBe('');
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'not_found' } });
  });
});

describe('wrong usage', () => {
  test('is told like every error, also as JSON, with the nearest command', async () => {
    const wrong = await run('chat --nope');
    expect(wrong.stderr).toBe("zeke: unknown option '--nope' (--help shows what there is)\n");
    const json = JSON.parse((await run('chat --nope --json')).stderr);
    expect(json.error).toMatchObject({ code: 'invalid_argument' });
    expect((await run('modles')).stderr).toContain('Did you mean models?');
  });

  test('half a command gets the help', async () => {
    const { code, stdout, stderr } = await run('keys');
    expect(stderr).toStartWith('Usage: ');
    expect({ code, stdout }).toEqual({ code: exitCodes.usage, stdout: '' });
  });
});

describe('without a server', () => {
  let rack: Emulator;

  beforeAll(() => {
    rack = startOpenAiEmulator();
  });

  afterAll(() => rack.stop());

  test('keys, chat and usage work on the database itself, also where the server wants keys', async () => {
    await using own = await temporaryDirectory();
    const at = { home: own.path };
    await writeFile(
      join(own.path, 'zeke.toml'),
      `[server]\nport = 0\n[auth]\nrequire_auth = true\n[providers.rack]\ntype = "openai"\napi_key = "k"\nbase_url = "${rack.url}/v1"\n`,
    );
    expect((await zeke(['keys', 'create', 'first'], at)).stdout).toStartWith('zk-');
    const answer = await zeke(['chat', '-m', 'rack/gpt-4o', 'hi'], at);
    expect(answer.stdout).toContain('You said: hi');
    const usage = await zeke(['usage', '--by', 'model', '--json'], at);
    expect(JSON.parse(usage.stdout).rows).toMatchObject([{ model: 'gpt-4o', calls: 1 }]);
    const list = await zeke(['providers', 'list'], at);
    expect(list.stdout).toContain('rack  openai  zeke.toml:6\n');
  });

  test('a provider is added with its key out of sight, and removed with it', async () => {
    await using own = await temporaryDirectory();
    const file = join(own.path, 'zeke.toml');
    await writeFile(file, '# mine\n[server]\nport = 0 # any\n');
    const add = ['providers', 'add', 'openai', '--name', 'work', '--key-stdin'];
    const options = { home: own.path, input: 'sk-secret-of-mine\n' };
    const added = await zeke([...add, '--base-url', `${rack.url}/v1`], options);
    expect(added).toMatchObject({ code: exitCodes.ok, stdout: `added work to ${file}\n` });
    expect(await readFile(file, 'utf8')).toBe(
      `# mine\n[server]\nport = 0 # any\n\n[providers.work]\ntype = "openai"\nbase_url = "${rack.url}/v1"\napi_key = "secret:providers/work"\n`,
    );
    expect((await zeke(['providers', 'test', 'work'], { home: own.path })).code).toBe(exitCodes.ok);
    expect(rack.requests.at(-1)?.headers.authorization).toBe('Bearer sk-secret-of-mine');
    const again = await zeke(add, options);
    expect(again.stderr).toContain('has a provider work already');
    expect(again.code).toBe(exitCodes.failure);
    const removed = await zeke(['providers', 'remove', 'work'], { home: own.path });
    expect(removed.stdout).toBe(`removed work from ${file}, and its key\n`);
    expect(await readFile(file, 'utf8')).toBe('# mine\n[server]\nport = 0 # any\n');
  });

  test('what would be a faulty provider is not written', async () => {
    await using own = await temporaryDirectory();
    const args = ['providers', 'add', 'azure', '--key-env', 'NOT_SET'];
    const { code, stderr } = await zeke(args, { home: own.path });
    expect(code).toBe(exitCodes.usage);
    expect(stderr).toContain('nothing was changed');
    expect(stderr).toContain('providers.azure.endpoint');
    expect(await Bun.file(join(own.path, 'zeke.toml')).exists()).toBe(false);
  });

  test('a key in a variable that only the server has is written, with a warning', async () => {
    await using own = await temporaryDirectory();
    const args = ['providers', 'add', 'openai', '--key-env', 'NOT_SET'];
    const { code, stderr } = await zeke(args, { home: own.path });
    expect(code).toBe(exitCodes.ok);
    expect(stderr).toContain('warning: NOT_SET is not set in this shell');
    expect(await Bun.file(join(own.path, 'zeke.toml')).text()).toContain('"env:NOT_SET"');
  });

  test('doctor finds what is wrong and says what to do', async () => {
    await using own = await temporaryDirectory();
    const config = `[server]\nport = ${new URL(rack.url).port}\n[providers.gone]\ntype = "ollama"\nbase_url = "http://127.0.0.1:1"\n`;
    await writeFile(join(own.path, 'zeke.toml'), config, { mode: 0o644 });
    const { code, stdout } = await zeke(['doctor', '--json'], { home: own.path });
    expect(code).toBe(exitCodes.failure);
    const { ok, findings } = JSON.parse(stdout);
    expect(ok).toBe(false);
    const found = Object.fromEntries(
      findings.map((each: { what: string; status: string }) => [each.what, each.status]),
    );
    expect(found).toEqual({
      bun: 'ok',
      files: 'warning',
      sandbox: expect.stringMatching(/^(?:ok|warning)$/),
      configuration: 'ok',
      port: 'failed',
      database: 'ok',
      'provider gone': 'warning',
    });
  });

  test('the configuration is checked with lines and shown without secrets', async () => {
    await using own = await temporaryDirectory();
    const file = join(own.path, 'zeke.toml');
    await writeFile(file, '[auth]\nadmin_api_key = "a-very-secret-thing"\n');
    const shown = await zeke(['config', 'show'], { home: own.path });
    expect(shown.stdout).toMatch(/auth\.admin_api_key +"\[redacted\]" +zeke\.toml:2\n/);
    expect(shown.stdout).not.toContain('a-very-secret-thing');
    await writeFile(file, '\n[server]\nprot = 1\n');
    const checked = await zeke(['config', 'check', '--json'], { home: own.path });
    expect(checked.code).toBe(exitCodes.configuration);
    expect(JSON.parse(checked.stdout)).toMatchObject({
      ok: false,
      faults: [{ file: 'zeke.toml', line: 3, path: 'server.prot' }],
    });
  });
});

describe('zeke rpc', () => {
  test('is zrpc, with its own exit codes', async () => {
    await using own = await temporaryDirectory();
    const list = await zeke(['rpc', 'list'], { home: own.path });
    expect(list).toMatchObject({ code: 3, stdout: '' });
    expect(list.stderr).toContain('zeke rpc: no target is given');
    const nobody = await zeke(['rpc', 'list', 'grpc://127.0.0.1:1'], { home: own.path });
    expect(nobody.code).toBe(14);
    const help = await zeke(['rpc', 'call', '--help'], { home: own.path });
    expect(help.stdout).toContain('zeke rpc call grpc://localhost:50051');
  });
});

describe('terminals and pipes', () => {
  test('colours are for terminals, and for those who force them', async () => {
    const forced = { FORCE_COLOR: '1' };
    expect((await run('models')).stdout).not.toContain('\u001b[');
    expect((await run('models', { environment: forced })).stdout).toContain('\u001b[');
    const both = { ...forced, NO_COLOR: '1' };
    expect((await run('models', { environment: both })).stdout).not.toContain('\u001b[');
  });

  test('a reader that leaves early is no failure', async () => {
    const launcher = join(import.meta.dir, '../../../zeke');
    const script = `"${launcher}" models | head -1; echo "\${PIPESTATUS[0]}"`;
    const child = Bun.spawn(['bash', '-c', script], {
      cwd: home.path,
      env: { PATH: process.env.PATH ?? '', ZEKE_HOME: home.path, ...there },
      stderr: 'pipe',
    });
    const [out, err] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    expect(out).toMatch(/^demo-openai\/\S+ \(emulated\)\n0\n$/);
    expect(err).toBe('');
  });

  test('Ctrl-C ends an answer, and the call to the provider', async () => {
    await using silent = startOpenAiEmulator();
    silent.faults.push({ kind: 'silence', afterRecords: 3 });
    await using own = await temporaryDirectory();
    await writeFile(
      join(own.path, 'zeke.toml'),
      `[server]\nport = 0\n[providers.silent]\ntype = "openai"\napi_key = "k"\nbase_url = "${silent.url}/v1"\n`,
    );
    await using chat = startZeke(['chat', '-m', 'silent/gpt-4o', 'hi'], { home: own.path });
    await chat.stdout.until(/This/);
    chat.kill('SIGINT');
    expect(await chat.exited).toBe(exitCodes.interrupted);
    const usage = await zeke(['usage', '--by', 'model', '--json'], { home: own.path });
    expect(JSON.parse(usage.stdout).rows).toMatchObject([{ calls: 1, estimated: 1 }]);
    expect(silent.requests).toHaveLength(1);
    // The emulator hears of it a moment after the command has ended; another has run since.
    expect(silent.requests[0]?.abortedAt).toBeGreaterThan(0);
  });
});
