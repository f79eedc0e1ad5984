import { describe, expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dir, '../..');

/**
 * The floors of the house: what each package may import of ours. `rpc` stands alone; services do
 * not see each other; `daemon` puts all parts together.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  rpc: [],
  foundation: ['rpc'],
  emulators: [],
  gateway: ['foundation', 'rpc'],
  protocol: ['foundation', 'rpc'],
  mcp: ['foundation', 'protocol', 'rpc'],
  assistant: ['foundation', 'mcp', 'protocol', 'rpc'],
  daemon: ['assistant', 'emulators', 'foundation', 'gateway', 'mcp', 'protocol', 'rpc'],
  cli: ['daemon', 'foundation', 'protocol', 'rpc'],
};

interface Manifest {
  name: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

const packages = readdirSync(join(root, 'packages'));

async function manifestOf(name: string): Promise<Manifest> {
  return Bun.file(join(root, 'packages', name, 'package.json')).json();
}

function sourcesOf(name: string): string[] {
  return [...new Bun.Glob('src/**/*.ts').scanSync(join(root, 'packages', name))];
}

function isForTests(file: string): boolean {
  return /\.test\.ts$|(^|\/)(testing|fixtures)\//.test(file);
}

function importsOf(source: string): string[] {
  const pattern =
    /(?:^|\s)(?:import|export)\s[^'"]*?from\s*'([^']+)'|import\(\s*'([^']+)'\s*\)|^import\s+'([^']+)'/gm;
  return [...source.matchAll(pattern)].flatMap(([, a, b, c]) => a ?? b ?? c ?? []);
}

describe('floors', () => {
  test('every package has its floor', () => {
    expect(packages.toSorted()).toEqual(Object.keys(mayImport).toSorted());
  });

  test.each(packages)('%s depends on packages below it only', async (name) => {
    const { dependencies = {} } = await manifestOf(name);
    const ours = Object.keys(dependencies).filter((dependency) => dependency.startsWith('@zeke/'));
    const allowed = (mayImport[name] ?? []).map((below) => `@zeke/${below}`);
    expect(ours.filter((dependency) => !allowed.includes(dependency))).toEqual([]);
  });

  test.each(packages)(
    '%s imports what it depends on, and no file of another package',
    async (name) => {
      const { dependencies = {}, devDependencies = {} } = await manifestOf(name);
      const folder = join(root, 'packages', name);
      const faults: string[] = [];
      for (const file of sourcesOf(name)) {
        const isTest = /\.test\.ts$|\/testing\//.test(file);
        for (const specifier of importsOf(await Bun.file(join(folder, file)).text())) {
          if (specifier.startsWith('.')) {
            const target = resolve(folder, dirname(file), specifier);
            if (relative(folder, target).startsWith('..')) faults.push(`${file}: ${specifier}`);
          } else if (specifier.startsWith('@zeke/')) {
            const known =
              specifier.split('/').slice(0, 2).join('/') in
              (isTest ? { ...devDependencies, ...dependencies } : dependencies);
            if (!known) faults.push(`${file}: ${specifier}`);
          }
        }
      }
      expect(faults).toEqual([]);
    },
  );
});

describe('places', () => {
  test('only the command lines end the process', async () => {
    const programs = ['cli/src/main.ts', 'rpc/src/zrpc.ts'];
    const faults: string[] = [];
    for (const name of packages) {
      for (const file of sourcesOf(name)) {
        const path = `${name}/${file}`;
        if (programs.includes(path) || /-process\.ts$/.test(file) || isForTests(file)) continue;
        const text = await Bun.file(join(root, 'packages', path)).text();
        if (/\bprocess\.exit\(/.test(text)) faults.push(path);
      }
    }
    expect(faults).toEqual([]);
  });

  test('environment and console are used in their places', async () => {
    const faults: string[] = [];
    for (const name of packages.filter((known) => known !== 'cli')) {
      for (const file of sourcesOf(name).filter((path) => !isForTests(path))) {
        const text = await Bun.file(join(root, 'packages', name, file)).text();
        if (/\b(process|Bun)\.env\b|\bconsole\.(log|info|warn|error|debug)\b/.test(text))
          faults.push(`${name}/${file}`);
      }
    }
    expect(faults).toEqual([]);
  });

  test('packages export plain source, through one explicit index', async () => {
    for (const name of packages) {
      const manifest = (await manifestOf(name)) as Manifest & { exports: Record<string, string> };
      for (const target of Object.values(manifest.exports))
        expect(target).toMatch(/^\.\/src\/.+\.ts$/);
      const index = Bun.file(join(root, 'packages', name, 'src/index.ts'));
      if (await index.exists()) expect(await index.text()).not.toMatch(/export \*/);
    }
  });

  test('files that siblings repeat are there in every dialect', () => {
    const dialects = join(root, 'packages/gateway/src/dialects');
    const folders = readdirSync(dialects, { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    for (const { name } of folders) {
      const files = readdirSync(join(dialects, name));
      for (const file of [
        'types.ts',
        'decode-request.ts',
        'encode-request.ts',
        'decode-events.ts',
        'encode-events.ts',
      ]) {
        expect(files, `${name} lacks ${file}`).toContain(file);
      }
    }
  });

  test('schemas of dialects and providers are built at first use, with `lazily`', async () => {
    const faults: string[] = [];
    const folder = join(root, 'packages/gateway/src');
    for (const file of new Bun.Glob('{dialects,providers}/**/*.ts').scanSync(folder)) {
      if (file.endsWith('.test.ts')) continue;
      const text = await Bun.file(join(folder, file)).text();
      if (/^(?:export )?const \w+(?:: .+)? =\s+z\b/m.test(text)) faults.push(file);
    }
    expect(faults).toEqual([]);
  });

  test('the lock file names no registry', async () => {
    expect(await Bun.file(join(root, 'bun.lock')).text()).not.toMatch(/https?:\/\//);
  });
});
