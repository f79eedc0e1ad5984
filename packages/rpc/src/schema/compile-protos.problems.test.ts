import { beforeAll, describe, expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileProtos } from './compile-protos.ts';
import { formatProblem, schemaProblems } from './schema-problem.ts';

interface Case {
  readonly topic: string;
  readonly name: string;
  readonly file: string;
  readonly source: string;
  /** `LINE:COLUMN message` */
  readonly problems: readonly string[];
  /** `accepts`, or where buf sees the first problem if it is at none of ours. */
  readonly buf: string | undefined;
}

const cases = readCases(join(import.meta.dirname, 'fixtures/problems'));

let bufPlaces: ReadonlyMap<string, readonly string[]>;

beforeAll(() => {
  bufPlaces = runBuf(cases);
});

describe.each(cases)('$topic: $name', ({ file, source, problems, buf }) => {
  test('is refused with places and what to do', () => {
    const lines = compile(file, source).map((problem) => problem.slice(file.length + 1));
    expect(lines).toEqual([...problems]);
  });

  test('is judged by buf alike', () => {
    const places = bufPlaces.get(file) ?? [];
    if (buf === 'accepts') expect(places).toEqual([]);
    else if (buf !== undefined) expect(places).toContain(buf);
    else expect(places).toContain(problems[0]!.split(' ')[0]!);
  });
});

function compile(file: string, source: string): string[] {
  const readFile = (path: string) => (path === `corpus/${file}` ? source : undefined);
  try {
    compileProtos({ files: [file], importPaths: ['corpus'], readFile });
    return [];
  } catch (error) {
    return schemaProblems(error).map(formatProblem);
  }
}

function readCases(directory: string): Case[] {
  return readdirSync(directory)
    .sort()
    .flatMap((file) => {
      const topic = file.replace('.txt', '');
      const [, ...texts] = readFileSync(join(directory, file), 'utf8').split(/^### /m);
      return texts.map((text, index) => readCase(topic, index, text));
    });
}

function readCase(topic: string, index: number, text: string): Case {
  const packageName = `${topic}${index}`;
  const number = 50_000 + 100 * topic.length + index;
  const [name = '', ...lines] = text
    .replaceAll('$', packageName)
    .replaceAll('50000', String(number))
    .trimEnd()
    .split('\n');
  const remarks = lines.filter((line) => line.startsWith('! ')).map((line) => line.slice(2));
  return {
    topic,
    name,
    file: `${packageName}.proto`,
    source: `${lines.filter((line) => !line.startsWith('! ')).join('\n')}\n`,
    problems: remarks.filter((remark) => !remark.startsWith('buf ')),
    buf: remarks.find((remark) => remark.startsWith('buf '))?.slice(4),
  };
}

/** Where buf sees problems, as `LINE:COLUMN`, by file. */
function runBuf(all: readonly Case[]): Map<string, string[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'zrpc-problems-'));
  try {
    for (const { file, source } of all) writeFileSync(join(scratch, file), source);
    const buf = join(import.meta.dirname, '../../node_modules/.bin/buf');
    const { stderr } = spawnSync(buf, ['build', scratch, '--error-format', 'json'], {
      encoding: 'utf8',
    });
    const places = new Map<string, string[]>();
    for (const line of stderr.trim().split('\n')) {
      const { path, start_line, start_column } = JSON.parse(line);
      const file = String(path).slice(scratch.length + 1);
      places.set(file, [...(places.get(file) ?? []), `${start_line}:${start_column}`]);
    }
    return places;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
