/**
 * `npm run test:language-servers`: servers that are too large for every test run, as people have them.
 * scripts/test-language-servers.sh installs them.
 */
import { expect, test } from 'bun:test';
import { diagnosticsOf } from '../diagnostics.ts';
import { definitionsAt, hoverAt, referencesAt } from '../queries.ts';
import { planRename } from '../rename.ts';
import { documentSymbols } from '../symbols.ts';
import { testProject, testServers } from './real-servers.ts';

/** The first question waits until a project is read, which takes a debug build of a server a while. */
const limits = {
  initializeMs: 600_000,
  requestMs: 600_000,
  diagnosticsMs: 600_000,
  readyMs: 600_000,
};
const never = new AbortController().signal;

/** A program in which `area` is declared in one file and used, with a fault, in another. */
interface Proof {
  readonly server: string;
  /** Beside the two, what makes a folder a project. */
  readonly manifest: readonly [name: string, text: string];
  readonly shapes: readonly [name: string, text: string];
  /** Uses it in line 2, after a character that is two UTF-16 units and four bytes. */
  readonly main: readonly [name: string, text: string];
  /** What `shapes` becomes, so that nothing is wrong with `main`. */
  readonly mended: string;
  /** The code of what is wrong. */
  readonly fault: string;
  readonly hover: string;
  /** `area` among the symbols of its file. */
  readonly symbol: readonly [name: string, kind: string];
}

const proofs: readonly Proof[] = [
  {
    server: 'gopls',
    manifest: ['go.mod', 'module example.com/shop\n\ngo 1.20\n'],
    shapes: ['shapes.go', 'package shop\n\nfunc area(width int) int { return width }\n'],
    main: ['main.go', 'package shop\nvar h = "𝒽"; var shown = area("y")\n'],
    mended: 'package shop\n\nfunc area(width string) int { return 1 }\n',
    fault: 'IncompatibleAssign',
    hover: 'func area(width int) int',
    symbol: ['area', 'function'],
  },
  {
    server: 'clangd',
    manifest: ['compile_flags.txt', '-std=c11\n'],
    shapes: ['shapes.h', '#pragma once\nint area(int width);\n'],
    main: ['main.c', '#include "shapes.h"\nchar *h = "𝒽"; int shown(void) { return area("y"); }\n'],
    mended: '#pragma once\nint area(const char *width);\n',
    fault: '-Wint-conversion',
    hover: 'int area(int width)',
    symbol: ['area', 'function'],
  },
  {
    server: 'rust-analyzer',
    manifest: ['Cargo.toml', '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n'],
    shapes: ['src/shapes.rs', 'pub fn area(width: i32) -> i32 { width }\n'],
    main: ['src/lib.rs', 'mod shapes;\npub fn s() -> i32 { let _h = "𝒽"; shapes::area("y") }\n'],
    mended: 'pub fn area(_width: &str) -> i32 { 1 }\n',
    fault: 'E0308',
    hover: 'pub fn area(width: i32) -> i32',
    symbol: ['area', 'function'],
  },
  {
    server: 'jdtls',
    manifest: [
      'pom.xml',
      '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>a</groupId><artifactId>shop</artifactId><version>1</version></project>\n',
    ],
    shapes: [
      'src/main/java/Shapes.java',
      'class Shapes {\n  static int area(int width) { return width; }\n}\n',
    ],
    main: [
      'src/main/java/Main.java',
      'class Main {\n  String h = "𝒽"; int shown = Shapes.area("y");\n}\n',
    ],
    mended: 'class Shapes {\n  static int area(String width) { return 1; }\n}\n',
    fault: '67108979',
    hover: 'int Shapes.area(int width)',
    symbol: ['area(int)', 'method'],
  },
];

test.each(proofs.map((proof) => [proof.server, proof] as const))('%s', async (_name, proof) => {
  const [shapes, source] = proof.shapes;
  const [main, use] = proof.main;
  // Two projects in one folder: each has a server of its own.
  const all = Object.fromEntries(
    ['one', 'two'].flatMap((folder) =>
      [proof.manifest, proof.shapes, proof.main].map(([name, text]) => [`${folder}/${name}`, text]),
    ),
  );
  await using files = await testProject(all);
  await using servers = testServers({ limits, environment: Bun.env });
  const { project, path } = files;
  const inMain = { project, path: path(`one/${main}`), symbol: 'area' };
  const place = { line: 2, column: [...(use.split('\n')[1] ?? '').split('area')[0]!].length + 1 };

  const before = await diagnosticsOf(servers, project, [inMain.path], never);
  expect(before.unchecked).toEqual([]);
  const errors = before.diagnostics.filter(({ severity }) => severity === 'error');
  expect(errors.map(({ code, span }) => [code, span.start.line])).toContainEqual([proof.fault, 2]);

  const hover = await hoverAt(servers, inMain, never);
  expect(hover.place).toEqual(place);
  expect(hover.text).toContain(proof.hover);
  const { locations: definitions } = await definitionsAt(servers, inMain, never);
  expect(definitions.map((each) => each.path)).toEqual([path(`one/${shapes}`)]);
  const symbols = await documentSymbols(servers, project, path(`one/${shapes}`), never);
  expect(symbols.map(({ kind, name }) => [name, kind])).toContainEqual([...proof.symbol]);
  const renamed = await planRename(servers, inMain, 'size', never);
  const texts = [...renamed.files].map(([file, apply]) => [
    file,
    apply(file === inMain.path ? use : source),
  ]);
  expect(Object.fromEntries(texts)).toEqual({
    [path(`one/${shapes}`)]: source.replace('area', 'size'),
    [inMain.path]: use.replace('area', 'size'),
  });

  await files.write({ [`one/${shapes}`]: proof.mended });
  const after = await diagnosticsOf(servers, project, [inMain.path], never);
  const left = after.diagnostics.filter(({ severity }) => severity === 'error');
  expect({ left, unchecked: after.unchecked }).toEqual({ left: [], unchecked: [] });
  const { locations } = await referencesAt(
    servers,
    { ...inMain, path: path(`one/${shapes}`) },
    never,
  );
  const places = locations.map((each) => each.path);
  expect(places.toSorted()).toEqual([path(`one/${shapes}`), inMain.path].toSorted());

  const other = await diagnosticsOf(servers, project, [path(`two/${main}`)], never);
  expect(other.diagnostics.map(({ code }) => code)).toContain(proof.fault);
  const roots = servers.status().map(({ name, root }) => [name, root]);
  expect(roots).toEqual([
    [proof.server, path('one')],
    [proof.server, path('two')],
  ]);
});
