/**
 * `npm run test:rpc-languages`: what the generators write in other languages is compiled, checked and
 * called. It needs compilers, which scripts/test-rpc-languages.sh installs.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type DescMessage, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { encodeMessage } from '../../codec/message-bytes.ts';
import { arbitraryMessage } from '../../codec/testing/arbitrary-message.ts';
import { fixtureTypes } from '../../codec/testing/fixture-types.ts';
import type { Listener } from '../../core/call.ts';
import { listenHttp2 } from '../../transports/http2/listen-http2.ts';
import { listenUnix } from '../../transports/unix/unix.ts';
import { type GenerateOptions, generate } from '../generate.ts';
import { greeterAnswers, greeterServer } from './greeter-service.ts';

const fixtures = join(import.meta.dirname, '../fixtures');
const protos = join(import.meta.dirname, '../../codec/fixtures/proto');
const inputs = ['everything', 'greeter', 'latest', 'legacy', 'modern'].map(
  (name) => `zrpc/test/${name}.proto`,
);

const folder = mkdtempSync(join(tmpdir(), 'zrpc-languages-'));
const socket = join(folder, 'greeter.sock');
const listeners: Listener[] = [];
let grpcAddress = '';

beforeAll(async () => {
  const { handler } = greeterServer();
  const http2 = await listenHttp2({ host: '127.0.0.1', port: 0, handler });
  listeners.push(http2, await listenUnix({ path: socket, handler }));
  grpcAddress = http2.address.replace(/^.*:\/\//, '');
});

afterAll(async () => {
  for (const listener of listeners) await listener.close();
  rmSync(folder, { recursive: true });
});

/** A folder with the fixtures of a language and, in `out`, what is generated in it. */
function prepare(
  lang: GenerateOptions['lang'],
  out: string,
  options: Partial<GenerateOptions> = {},
): string {
  const target = join(folder, lang);
  cpSync(join(fixtures, lang), target, { recursive: true });
  generate({ inputs, importPaths: [protos], lang, out: join(target, out), ...options });
  return target;
}

/** The output of a program that has to succeed. */
async function run(cwd: string, command: string[]): Promise<string> {
  const child = Bun.spawn(command, { cwd, stdout: 'pipe', stderr: 'pipe' });
  const [output, errors] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  const code = await child.exited;
  if (code !== 0) throw new Error(`${command.join(' ')}: ${code}\n${output}${errors}`);
  return output;
}

describe('Python', () => {
  let home = '';

  beforeAll(() => {
    home = prepare('python', '.');
  });

  test('calls over own frames and over gRPC with the newest packages', async () => {
    const overFrames = await run(home, ['python', 'call.py', 'unix', socket]);
    expect(JSON.parse(overFrames)).toEqual(greeterAnswers);
    const overGrpc = await run(home, ['python', 'call.py', 'grpc', grpcAddress]);
    expect(JSON.parse(overGrpc)).toEqual(greeterAnswers);
  });

  test('imports every module, of editions, too', async () => {
    const modules = inputs.map((name) => name.replaceAll('/', '.').replace('.proto', '_pb2'));
    await run(home, ['python', '-c', `import ${modules.join(', ')}`]);
  });

  test('has types that mypy takes', async () => {
    const mypy = ['mypy', '--strict', '--explicit-package-bases'];
    await run(home, [...mypy, 'call.py', 'serve.py', 'zrpc_frames.py', 'zrpc']);
    writeFileSync(
      join(home, 'wrong.py'),
      'from zrpc.test.greeter_pb2 import HelloRequest\n' +
        'from zrpc.test.greeter_zrpc import GreeterClient\n' +
        'HelloRequest(name=1)\n' +
        'text: int = GreeterClient(None).say_hello(HelloRequest()).text\n',
    );
    const { stdout } = spawnSync('mypy', [...mypy.slice(1), 'wrong.py'], { cwd: home });
    expect(stdout.toString()).toContain('Found 2 errors in 1 file');
  });
});

describe('Go', () => {
  test('calls over own frames and over gRPC', async () => {
    // Go's generators give a client the name that a message of the fixture has.
    const sources = join(folder, 'go-protos');
    for (const name of inputs) {
      const text = readFileSync(join(protos, name), 'utf8');
      mkdirSync(dirname(join(sources, name)), { recursive: true });
      writeFileSync(join(sources, name), text.replace('message GreeterClient {}', ''));
    }
    const home = prepare('go', 'gen', {
      inputs: ['zrpc/test/greeter.proto', 'zrpc/test/everything.proto'],
      importPaths: [sources],
      go: { module: 'zeke.invalid/languages/gen' },
    });
    await run(home, ['go', 'build', '-o', 'call', '.']);
    await run(home, ['go', 'vet', './...']);
    const answers = { ...greeterAnswers, trailer: ['done'] };
    const overFrames = await run(home, ['./call', 'unix', socket]);
    expect(withoutUnderscores(JSON.parse(overFrames))).toEqual(withoutUnderscores(answers));
    const overGrpc = await run(home, ['./call', 'grpc', grpcAddress]);
    expect(withoutUnderscores(JSON.parse(overGrpc))).toEqual(withoutUnderscores(answers));
  });
});

/** Codes are `NotFound` in Go. */
function withoutUnderscores(answers: typeof greeterAnswers): object {
  const { notFound, broken, deadline } = answers;
  return {
    ...answers,
    notFound: [notFound[0]?.replace('_', ''), notFound[1]],
    broken: [broken[0]?.replace('_', ''), broken[1]],
    deadline: deadline.replace('_', ''),
  };
}

describe('Zig', () => {
  let home = '';
  const zig = ['python', '-m', 'ziglang'];
  const build = (name: string): Promise<string> => {
    const caches = ['--cache-dir', 'cache', '--global-cache-dir', 'global-cache'];
    return run(home, [...zig, 'build-exe', `${name}.zig`, ...caches]);
  };

  beforeAll(() => {
    home = prepare('zig', 'gen');
  });

  test('is formatted', async () => {
    await run(home, [...zig, 'fmt', '--check', 'gen', 'main.zig', 'round_trip.zig']);
  });

  test('calls over own frames', async () => {
    await build('main');
    expect(JSON.parse(await run(home, ['./main', socket]))).toEqual(greeterAnswers);
  });

  test('keeps every message that it decodes and encodes again', async () => {
    const samples = fixtureTypes.flatMap(({ type, desc }) =>
      fc
        .sample(arbitraryMessage(desc), 40)
        .map((init) => ({ desc, bytes: encodeMessage(type, init) })),
    );
    writeFileSync(join(home, 'types.zig'), typesModule(fixtureTypes.map(({ desc }) => desc)));
    const input = (inputs: typeof samples): string =>
      inputs.map(({ desc, bytes }) => `${desc.typeName} ${bytes.toHex()}\n`).join('');
    writeFileSync(join(home, 'messages.txt'), input(samples));
    await build('round_trip');
    const lines = (await run(home, ['./round_trip', 'messages.txt'])).trimEnd().split('\n');
    expect(lines).toHaveLength(samples.length);
    for (const [index, { desc, bytes }] of samples.entries()) {
      const again = fromBinary(desc, Uint8Array.fromHex(lines[index] ?? ''));
      const expected = toBinary(desc, fromBinary(desc, bytes)).toHex();
      expect([desc.typeName, toBinary(desc, again).toHex()]).toEqual([desc.typeName, expected]);
    }
    const mutated = samples.map(({ desc, bytes }, index) => ({
      desc,
      bytes: broken(bytes, index),
    }));
    writeFileSync(join(home, 'broken.txt'), input(mutated));
    const answers = (await run(home, ['./round_trip', 'broken.txt'])).trimEnd().split('\n');
    expect(answers).toHaveLength(samples.length);
    expect(answers).toContain('Malformed');
    expect(answers).toContain('InvalidUtf8');
  });
});

/** Bytes that are no message any more, or another one. */
function broken(bytes: Uint8Array, index: number): Uint8Array {
  const copy = bytes.slice(0, index % 3 === 0 ? bytes.length >> 1 : bytes.length);
  const at = (index * 7_919) % Math.max(1, copy.length);
  if (copy.length > 0) copy[at] = (copy[at] ?? 0) ^ (1 << (index % 8));
  return copy;
}

/** Every type by its name, for the program in Zig. */
function typesModule(types: readonly DescMessage[]): string {
  const files = [...new Set(types.map(({ file }) => file.proto.name))];
  const imports = files.map(
    (name, index) => `const file${index} = @import("gen/${name.replace('.proto', '.zig')}");\n`,
  );
  const entries = types.map((type) => {
    const path = type.typeName.slice(type.file.proto.package.length + 1);
    return `    .{ "${type.typeName}", file${files.indexOf(type.file.proto.name)}.${path} },\n`;
  });
  return `${imports.join('')}pub const types = .{\n${entries.join('')}};\n`;
}
