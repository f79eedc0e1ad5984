import { expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { compileProtos } from './compile-protos.ts';
import { schemaProblems } from './schema-problem.ts';

const corpus = join(import.meta.dirname, 'fixtures/corpus');
const sources = readSources();

/** What mutations put into sources, besides random text. */
const fragments = [
  ...['{', '}', '[', ']', '(', ')', '<', '>', ';', ',', '.', '=', ':', '-', '/', '"', "'", '\\'],
  ...['//', '/*', '*/', '\n', '\t', '\0', 'é', '😀', '0', '-1', '0x', '08', '1e9', '.5', '1.2.3'],
  ...['99999999999999999999', '536870912', 'max', 'to', 'inf', 'nan', 'true', '"\\xff"', '{}'],
  ...[
    'message M {',
    'enum E {',
    'oneof o {',
    'extend M {',
    'service S {',
    'rpc R(',
    'option (a) =',
  ],
  ...[
    'group G = 1 {',
    'map<string, M>',
    'extensions 1 to max;',
    'reserved 1;',
    'repeated',
    'stream',
  ],
  ...['syntax = "proto2";', 'syntax = "proto3";', 'edition = "2023";', 'edition = "2024";'],
  ...[
    'import "acme/legacy/base.proto";',
    'import public "a.proto";',
    'package a.b;',
    'export',
    'local',
  ],
  ...[
    '[default = 1]',
    '[json_name = "a"]',
    '[packed = true]',
    'features.field_presence = IMPLICIT',
  ],
];

interface Mutation {
  readonly at: number;
  readonly length: number;
  readonly text: string;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.oneof(
    fc.constant(0),
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ max: 2_000, min: 1 }),
  ),
  text: fc.oneof(
    fc.constant(''),
    fc.constantFrom(...fragments),
    fc.array(fc.constantFrom(...fragments), { maxLength: 5 }).map((parts) => parts.join(' ')),
    fc.string({ maxLength: 20, unit: 'binary' }),
  ),
});

const mutatedSource = fc
  .tuple(fc.constantFrom(...sources.keys()), fc.array(mutation, { minLength: 1, maxLength: 6 }))
  .map(([name, mutations]) => ({ name, text: mutations.reduce(mutate, sources.get(name) ?? '') }));

test('a mutated source compiles, or is refused at places within it', () => {
  fc.assert(
    fc.property(mutatedSource, ({ name, text }) => {
      const lines = text.split('\n');
      for (const problem of problemsOf(name, text)) {
        if (problem.file !== name) continue;
        expect(problem.line).toBeGreaterThanOrEqual(1);
        expect(problem.line).toBeLessThanOrEqual(lines.length);
        expect(problem.column).toBeGreaterThanOrEqual(1);
        expect(problem.column).toBeLessThanOrEqual((lines[problem.line - 1]?.length ?? 0) + 1);
        expect(problem.message.length).toBeGreaterThan(10);
      }
    }),
    { numRuns: 250 },
  );
});

test('a source of fragments is compiled or refused', () => {
  const source = fc.array(fc.constantFrom(...fragments, 'a', 'M', 'int32'), { maxLength: 60 });
  fc.assert(
    fc.property(source, (parts) => {
      problemsOf('fragments.proto', parts.join(' '));
    }),
    { numRuns: 400 },
  );
});

function readSources(): ReadonlyMap<string, string> {
  const names = readdirSync(corpus, { recursive: true, encoding: 'utf8' });
  const protos = names.filter((name) => name.endsWith('.proto'));
  return new Map(protos.map((name) => [name, readFileSync(join(corpus, name), 'utf8')]));
}

function mutate(text: string, { at, length, text: inserted }: Mutation): string {
  const start = Math.floor(at * text.length);
  return text.slice(0, start) + inserted + text.slice(start + length);
}

/** What is wrong with one file of the corpus in this form; anything else that is thrown escapes. */
function problemsOf(name: string, text: string): ReturnType<typeof schemaProblems> {
  const readFile = (path: string) =>
    path === `corpus/${name}` ? text : sources.get(path.slice('corpus/'.length));
  try {
    const { files } = compileProtos({ files: [name], importPaths: ['corpus'], readFile });
    expect(files.at(-1)?.name).toBe(name);
    return [];
  } catch (error) {
    const problems = schemaProblems(error);
    if (problems.length === 0) throw error;
    return problems;
  }
}
