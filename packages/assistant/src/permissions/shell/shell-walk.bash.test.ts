import { expect, test } from 'bun:test';
import { chmod, mkdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import fc from 'fast-check';
import { matchesCommand } from '../command-pattern.ts';
import { Permissions } from '../permissions.ts';
import { walkShell } from './shell-walk.ts';
import { globbedText, unknownText } from './shell-word.ts';

/**
 * Bash itself runs scripts whose only programs are stubs that note how they were called. Whatever it
 * ran must stand among the parts that were found, or the command line must count as not understood.
 */
test('no program runs that was not found, in any script', async () => {
  const samples = fc.sample(script, { numRuns: scriptCount, seed });
  const understood = samples
    .map((text) => ({ text, parts: walkShell(text, { cwd: '/', home: '/nowhere' }) }))
    .filter(({ parts }) => parts.every(({ kind }) => kind !== 'opaque'));
  const runs = await runAll(understood.map(({ text }) => text));
  let ran = 0;
  for (const [at, { text, parts }] of understood.entries()) {
    const commands = parts.flatMap((part) =>
      part.kind === 'command' ? [part.words.slice(part.assignments)] : [],
    );
    for (const words of runs[at] ?? []) {
      ran += 1;
      const isFound = commands.some((each) => becomes(each, words));
      expect({ text, words, isFound }).toEqual({ text, words, isFound: true });
    }
  }
  // The generator has not gone astray: many scripts are understood, and run something.
  expect(understood.length).toBeGreaterThan(scriptCount / 4);
  expect(ran).toBeGreaterThan(understood.length);
}, 60_000);

/** Whatever a command line is made of: when it goes through, only what rules allow has run. */
test('no command line that is allowed runs a program that no rule allows', async () => {
  await using folder = await temporaryDirectory();
  const root = await realpath(folder.path);
  const permissions = await Permissions.open({
    project: { root, name: 'project' },
    zekeHome: join(root, 'zeke'),
    home: '/nowhere',
    mode: 'ask',
    rules: { allow: ['shell(alfa *)', 'shell(bravo x *)'], deny: ['shell(alfa -c *)'] },
  });
  const samples = fc
    .sample(script, { numRuns: scriptCount, seed: seed + 1 })
    .map((text) => text.replaceAll(/charlie|delta/g, 'alfa').replaceAll('bravo', 'bravo x'));
  const verdicts = await Promise.all(samples.map((text) => permissions.explain(text)));
  const allowed = samples.filter((_text, at) => verdicts[at]?.verdict === 'allow');
  const runs = await runAll(allowed);
  for (const [at, text] of allowed.entries()) {
    for (const words of runs[at] ?? []) {
      const [program, first] = words;
      const isAllowed = program === 'alfa' ? first !== '-c' : program === 'bravo' && first === 'x';
      expect({ text, words, isAllowed }).toEqual({ text, words, isAllowed: true });
    }
  }
  expect(allowed.length).toBeGreaterThan(scriptCount / 10);
}, 60_000);

const scriptCount = 150;
const seed = 7;

/** Words as they were found may become these, when what is unknown stands for any text. */
function becomes(found: readonly string[], words: readonly string[]): boolean {
  const pattern = found
    .map((word) =>
      word
        .replace(/[*\\]/g, '\\$&')
        .replaceAll(unknownText, '*')
        .replaceAll(globbedText, '*')
        .replaceAll('/dev/fd/63', '/dev/fd/*'),
    )
    .join('\0');
  if (matchesCommand(pattern, words)) return true;
  // An unquoted word that turns out empty is none.
  return matchesCommand(pattern.replaceAll('\0*', '*'), words);
}

const name = fc.constantFrom('alfa', 'bravo', 'charlie', 'delta', 'echo', 'true', 'false');
const leaf = fc.constantFrom(
  'x',
  '"y z"',
  "'q; bravo'",
  '\\;',
  '$v',
  '"$v"',
  '$1',
  '*',
  '{m,n}',
  '~',
  '-c',
  '$HOME',
  "$'\\x41'",
  'x#no',
  'a#b',
  '""',
  `\${v:-w}`,
  '!',
  '[',
  ']',
  '{',
  '}',
  '=',
  'v=1',
  '$((1+2))',
  `\${#v}`,
  '$"x"',
  'if',
  'do',
  'done',
  '\\\n',
);
const glue = fc.constantFrom(' && ', ' || ', '; ', ' | ', ' & ', '\n', ' |& ');

const { script } = fc.letrec<{ script: string; command: string; word: string; list: string }>(
  (tie) => ({
    word: fc.oneof(
      { maxDepth: 4 },
      { weight: 8, arbitrary: leaf },
      tie('list').map((list) => `$(${list})`),
      tie('list').map((list) => `"$(${list})"`),
      tie('list').map((list) => `\`${list.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``),
      tie('list').map((list) => `<(${list})`),
      tie('list').map((list) => `\${v:-$(${list})}`),
      tie('list').map((list) => `'${list.replaceAll("'", '"')}'`),
    ),
    command: fc.oneof(
      { maxDepth: 4 },
      {
        weight: 8,
        arbitrary: fc
          .tuple(name, fc.array(tie('word'), { maxLength: 3 }))
          .map(([first, rest]) => [first, ...rest].join(' ')),
      },
      fc.tuple(leaf, name).map(([value, first]) => `v=${value.replace('\\\n', '')} ${first}`),
      fc
        .tuple(tie('command'), tie('word'))
        .map(([first, word]) => `${first} > /dev/null 2>&1 <<< ${word}`),
      fc
        .tuple(tie('command'), tie('list'), fc.boolean())
        .map(([first, list, quoted]) => `${first} <<${quoted ? "'E'" : 'E'}\n$(${list})\nE\n`),
      tie('list').map((list) => `(${list})`),
      tie('list').map((list) => `{ ${list}; }`),
      tie('list').map((list) => `! ${list}`),
      fc
        .tuple(tie('list'), tie('list'), tie('list'))
        .map(([a, b, c]) => `if ${a}; then ${b}; else ${c}; fi`),
      fc
        .tuple(tie('word'), tie('list'))
        .map(([word, list]) => `for v in ${word} 1; do ${list}; done`),
      fc
        .tuple(tie('word'), tie('list'))
        .map(([word, list]) => `case ${word} in x|*) ${list};; esac`),
      tie('list').map((list) => `while ${list} && false; do bravo; done`),
      tie('list').map((list) => `f() { ${list}; }; alfa`),
      tie('list').map((list) => `bash -c '${list.replaceAll("'", '"')}'`),
      tie('list').map((list) => `eval '${list.replaceAll("'", '"')}'`),
      tie('command').map((first) => `command ${first}`),
      tie('command').map((first) => `env W=1 ${first}`),
      tie('command').map((first) => `alfa x | xargs ${first}`),
      tie('list').map((list) => `[[ -n $(${list}) || x == y ]]`),
      tie('list').map((list) => `(( 1 + 1 )) && ${list}`),
      tie('list').map((list) => `trap '${list.replaceAll("'", '"')}' EXIT`),
    ),
    list: fc
      .tuple(tie('command'), fc.array(fc.tuple(glue, tie('command')), { maxLength: 2 }))
      .map(([first, rest]) => first + rest.map(([between, next]) => between + next).join('')),
    // As it is, and with a character or two put in or taken away.
    script: fc.oneof(
      tie('list'),
      fc
        .tuple(
          tie('list'),
          fc.array(fc.tuple(fc.nat(200), fc.constantFrom(...'"\'`$(){};&|<>#!\\ \n=', '')), {
            maxLength: 2,
          }),
        )
        .map(([list, edits]) =>
          edits.reduce((text, [place, char]) => {
            const at = place % (text.length + 1);
            return text.slice(0, at) + char + text.slice(char === '' ? at + 1 : at);
          }, list),
        ),
    ),
  }),
);

/** Runs each script in bash, in a folder of its own, for a second at most. Gives the calls of the stubs. */
async function runAll(scripts: readonly string[]): Promise<string[][][]> {
  await using folder = await temporaryDirectory();
  const base = await realpath(folder.path);
  const bin = join(base, 'bin');
  await mkdir(bin);
  // In one line, so that bash writes it at once: calls run side by side.
  const stub = `#!/bin/bash\nset -- "\${0##*/}" "$@"\nprintf '%s\\0' "\${@//$'\\n'/$'\\2'}" $'\\1' >> "$STUB_LOG"\n`;
  for (const each of 'alfa bravo charlie delta x y z m n w no q a'.split(' ')) {
    await writeFile(join(bin, each), stub);
    await chmod(join(bin, each), 0o755);
  }
  for (const each of ['bash', 'env', 'xargs']) {
    await symlink(Bun.which(each) ?? '', join(bin, each));
  }
  const runs: string[][][] = [];
  const lanes = [0, 1, 2, 3].map(async (lane) => {
    for (let at = lane; at < scripts.length; at += 4) {
      runs[at] = await run(scripts[at] ?? '', join(base, String(at)), bin);
    }
  });
  await Promise.all(lanes);
  return runs;
}

async function run(script: string, cwd: string, bin: string): Promise<string[][]> {
  await mkdir(cwd);
  const log = join(cwd, '..', `${cwd.slice(cwd.lastIndexOf('/') + 1)}.log`);
  await writeFile(log, '');
  const child = Bun.spawn(
    [
      Bun.which('timeout') ?? '',
      '-s',
      'KILL',
      '2',
      '/bin/bash',
      '--norc',
      '--noprofile',
      '-c',
      script,
    ],
    {
      cwd,
      env: { PATH: bin, HOME: '/nowhere', STUB_LOG: log },
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'ignore',
    },
  );
  await child.exited;
  const text = await readFile(log, 'utf8');
  return text
    .split('\0\u0001\0')
    .map((call) => call.replaceAll('\u0002', '\n').split('\0'))
    .filter(([program]) => program !== '');
}
