import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Listener, okTrailer } from '@zeke/rpc';
import { listenHttp2 } from '@zeke/rpc/http2';
import { goBinaries, goHome } from '../peers/go.ts';
import { mustRun, runProgram } from '../support/program.ts';

export interface Conformance {
  readonly report: string;
  readonly passed: number;
  readonly failed: number;
}

/**
 * h2spec against our server, which is to answer as RFC 7540 says. Its requests are made those of
 * gRPC, since a gRPC server refuses all others before the frames that are tested come.
 */
export async function http2Conformance(): Promise<Conformance> {
  let listener: Listener | undefined;
  try {
    const program = await buildH2spec();
    listener = await listenHttp2({ host: '127.0.0.1', port: 0, handler: answerAtTheEnd });
    const { port } = new URL(listener.address);
    const results: TestResult[] = [];
    for (const flags of runs) results.push(...(await runH2spec(program, port, flags)));
    return reportOf(merged(results));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { report: `\nFAIL h2spec did not run: ${reason}\n`, passed: 0, failed: 1 };
  } finally {
    await listener?.close({ graceMs: 0 });
  }
}

/**
 * What h2spec asks for and our server does not do, by section and text, with the reason. They are
 * not counted.
 */
const deviations: Readonly<Record<string, string>> = {
  'http2/5.3.1 Sends HEADERS frame that depend on itself':
    'RFC 9113, 5.3.2: priorities are deprecated, and not looked at',
  'http2/5.3.1 Sends PRIORITY frame that depend on itself':
    'RFC 9113, 5.3.2: priorities are deprecated, and not looked at',
};

/** Of a test that both runs have, one pass is enough: each has frames that are too large for the other. */
const runs: readonly (readonly string[])[] = [
  ['--strict'],
  // A header block above our SETTINGS_MAX_FRAME_SIZE of 256 KiB.
  ['http2/4.2', '--max-header-length=65000'],
];

interface TestResult {
  readonly name: string;
  /** Undefined: it passed. */
  readonly failure: string | undefined;
}

/** One message when the client has ended its direction. */
function answerAtTheEnd(call: Parameters<Parameters<typeof listenHttp2>[0]['handler']>[0]): void {
  call.sink = {
    onMessage() {},
    onHalfClose() {
      call.sendMessage(new Uint8Array(8));
      call.sendEnd(okTrailer);
    },
    onCancel: () => call.sendEnd(okTrailer),
    onWritable() {},
  };
}

/** A copy of the module with other headers; it has no option for that. */
async function buildH2spec(): Promise<string> {
  const go = (...parameters: string[]) =>
    mustRun(['go', ...parameters], { directory: goHome, timeoutMs: 15 * 60_000 });
  const module = 'github.com/summerwind/h2spec';
  await go('mod', 'download', module);
  const from = (await go('list', '-m', '-f', '{{.Dir}}', module)).trim();
  const source = join(goBinaries, 'h2spec-source');
  await rm(source, { recursive: true, force: true });
  await mkdir(source, { recursive: true });
  await mustRun(['cp', '-r', '--no-preserve=mode', `${from}/.`, source]);
  await writeFile(join(source, 'go.mod'), `module ${module}\n`);
  const file = join(source, 'spec/util.go');
  const text = await readFile(file, 'utf8');
  const changed = text
    .replace('HeaderField(":method", "GET")', 'HeaderField(":method", "POST")')
    .replace(
      'HeaderField(":authority", authority),',
      '$&\nHeaderField("content-type", "application/grpc"),\nHeaderField("te", "trailers"),',
    );
  if (changed === text) throw new Error(`${file} is not as expected`);
  await writeFile(file, changed);
  const modules = await readFile(join(goHome, 'go.mod'), 'utf8');
  const replacement = `replace ${module} => ./bin/h2spec-source\n`;
  await writeFile(join(goBinaries, 'h2spec.mod'), `${modules}\n${replacement}`);
  await cp(join(goHome, 'go.sum'), join(goBinaries, 'h2spec.sum'));
  const program = join(goBinaries, 'h2spec');
  await go('build', '-modfile=bin/h2spec.mod', '-o', program, `${module}/cmd/h2spec`);
  return program;
}

async function runH2spec(
  program: string,
  port: string,
  flags: readonly string[],
): Promise<TestResult[]> {
  const file = join(goBinaries, 'h2spec.xml');
  await rm(file, { force: true });
  const common = ['--host=127.0.0.1', `--port=${port}`, '--path=/any/Method', '--timeout=3'];
  const command = [program, ...common, `--junit-report=${file}`, ...flags];
  const { output, errors } = await runProgram(command, { timeoutMs: 180_000 });
  const report = await readFile(file, 'utf8').catch(() => '');
  const results = [...report.matchAll(testCase)].map((match) => {
    const [, section = '', text = '', rest = ''] = match;
    const failure = /<(failure|error)>([\s\S]*?)<\/\1>/.exec(rest)?.[2];
    return { name: plain(`${section} ${text}`), failure: failure && plain(failure) };
  });
  if (results.length > 0) return results;
  throw new Error(`no result in ${file}: ${`${output}${errors}`.slice(-1_000)}`);
}

const testCase = /<testcase package="([^"]*)" classname="([^"]*)"[^>]*>([\s\S]*?)<\/testcase>/g;

function plain(xml: string): string {
  return xml
    .replaceAll('&#34;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&#xA;', '\n')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .trim();
}

function merged(results: readonly TestResult[]): TestResult[] {
  const byName = new Map<string, TestResult>();
  for (const result of results) {
    if (byName.get(result.name)?.failure !== undefined || !byName.has(result.name)) {
      byName.set(result.name, result);
    }
  }
  return [...byName.values()];
}

function reportOf(results: readonly TestResult[]): Conformance {
  const failures = results.filter(({ failure }) => failure !== undefined);
  const faults = failures.filter(({ name }) => !(name in deviations));
  const lines = failures.map(({ name, failure = '' }) => {
    const reason = deviations[name];
    if (reason !== undefined) return `not so: ${name}\n  ${reason}`;
    return `FAIL ${name}\n  ${failure.replaceAll('\n', '\n  ')}`;
  });
  const passed = results.length - failures.length;
  const head = `h2spec 2.2.1 against our HTTP/2 server: ${passed} passed, ${faults.length} failed, ${failures.length - faults.length} left out`;
  return { report: `${[head, ...lines].join('\n')}\n\n`, passed, failed: faults.length };
}
