import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { walkShell } from './shell-walk.ts';
import { showWords } from './shell-word.ts';

function walk(command: string): string[] {
  return walkShell(command, { cwd: '/p', home: '/h' }).map((part) => {
    if (part.kind === 'opaque') return `? ${part.text}`;
    const where =
      part.cwds === undefined ? ' @?' : part.cwds.join() === '/p' ? '' : ` @${part.cwds.join()}`;
    if (part.kind === 'redirect') return `${part.access} ${showWords([part.path])}${where}`;
    return `${showWords(part.words)}${part.isOwnFunction ? ' (function)' : ''}${where}`;
  });
}

const cases: [string, string[]][] = [
  ["a b \"c d\" 'e'f $'g\\x41' \\h", ["a b 'c d' ef gA h"]],
  ['a && b || c; d & e | f |& g\nh', ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']],
  ['(a); { b; }; ! c; time d', ['a', 'b', 'c', 'd']],
  ['if a; then b; elif c; then d; else e; fi', ['a', 'b', 'c', 'd', 'e']],
  [
    'while a; do b; done; until c; do d; done; for x in $(e); do f $x; done',
    ['a', 'b', 'c', 'd', 'e', 'f …'],
  ],
  ['case $(a) in x|$(b)) c ;; *) d ;& esac', ['a', 'b', 'c', 'd']],
  [
    `a $(b \`c\`) "$(d)" \${x:-$(e)} <(f) $((1 + $(g)))`,
    ['b …', 'c', 'd', 'e', 'f', '? 1 + $(g)', 'g', 'a … … … /dev/fd/63 …'].toSorted(),
  ],
  ['[[ -f $(a) && x == b* ]] && c', ['a', 'c']],
  ['x=$(a) y=(1 $(b)); z[$(c)]=1', ['a', 'b', '? $(c)', 'c']],
  [
    'cat <<E\n$(a) `b`\nE\ncat <<\'E\'\n$(c)\nE\ncat <<< "$(d)"',
    ['a', 'b', 'cat', 'cat', 'd', 'cat'],
  ],
  [
    'a > b 2>> c < d &> e 2>&1 >&- 3<> f',
    ['write b', 'write c', 'read d', 'write e', 'read f', 'write f', 'a'],
  ],
  ['f() { a; }; f b; g', ['a @?', 'f b (function)', 'g']],
  ['f; f() { a; }', ['f', 'a @?']],
  ['f() { a; }; command f; env f; (f)', ['a @?', 'f', 'f', 'f (function)']],
  ['cd a && b; c', ['cd a', 'b @/p/a', 'c @/p,/p/a']],
  ['(cd a; b); c', ['cd a', 'b @/p,/p/a', 'c']],
  ['cd a | b; cd; c', ['cd a', 'b', 'cd', 'c @/p,/h']],
  ['while a; do cd ..; done; b', ['a @?', 'cd .. @?', 'b @?']],
  [`~/a $HOME/b "$PWD" \${HOME} ~c`, ['/h/a /h/b /p /h …c']],
  ['a {b,c}/*.ts {1..3} {d,/e} {f,$g} x{,.bak}', ['a b/*.ts c/*.ts * d /e … x x.bak']],
  ['$X a', ['? $X a']],
  ['a{b,c}', ['ab ac']],
  ['sudo -u x a b', ['sudo -u x a b', 'a b']],
  ['timeout -k 5 10 nice -n 5 nohup env -u X Y=1 a b', ['Y=1 a b']],
  ['xargs -0 -n1 a b', ['a b …']],
  ['xargs -I{} a {}x', ['a …x']],
  ['find . -name a -exec b {} \\; -o -exec c {} +', ['find . -name a -o', 'b …', 'c …'].toSorted()],
  ['find . -execdir a {} +', ['find .', 'a … @?']],
  ['bash -euo pipefail -c "a; b" x', ['a', 'b']],
  ['bash x.sh', ['bash x.sh']],
  ['bash --rcfile x -c a', ['? bash --rcfile x -c a']],
  ['eval a "b;" c', ['a b', 'c']],
  ['trap "a b" EXIT; trap - INT', ['a b @?']],
  ['exec a', ['a']],
  ['exec > b', ['write b']],
  ['export A=1 CI=1', ['export A=1']],
  ['PATH=a; b', ['PATH=a', 'b']],
  ['CI=1 A=2 b', ['A=2 b']],
  ['while IFS= read -r x; do a "$x"; done < b', ['read -r x', 'a …', 'read b']],
  ['for ((i = 0; i < 3; i++)); do a; done', ['a']],
  ['n=$(wc -l < a); echo $((n + 1))', ['read a', 'wc -l', 'echo …']],
];
test.each(cases)('%s', (command, parts) => {
  expect(walk(command).toSorted()).toEqual(parts.toSorted());
});

describe('what nobody can say beforehand', () => {
  test.each([
    ['text that is evaluated as arithmetic', "x='a[$(id)]'; (( x ))"],
    ['the same through a slice', `x='a[$(id)]'; echo \${y:x}`],
    ['the same through an index', `x='a[$(id)]'; echo \${y[x]}`],
    ['the same in a test', "x='a[$(id)]'; [[ $x -eq 1 ]]"],
    ['the same through a loop', "for x in 'a[$(id)]'; do ((x)); done"],
    ['the same through read', 'read x; echo $((x))'],
    ['the same through an environment', "x='a[$(id)]' bash -c '((x))'"],
    ['the same through an argument', 'f() { echo $(($1)); }; f x'],
    ['an integer by declaration', "declare -i x='a[$(id)]'"],
    ['a name that is evaluated', "test -v 'a[$(id)]'"],
    ['a name that is read into', "read 'a[$(id)]'"],
    ['a name that is printed into', "printf -v 'a[$(id)]' x"],
    ['a name that is taken away', "unset 'a[$(id)]'"],
    ['an indirect name', `x='a[$(id)]'; echo \${!x}`],
    ['a prompt', `x='$(id)'; echo \${x@P}`],
    ['a reference', 'declare -n x=y'],
    ['an alias', 'alias ls=rm'],
    ['grammar that changes', 'shopt -s extglob'],
    ['a path of a program', 'hash -p /tmp/x ls'],
    ['a trace that runs commands', 'set -x -o posix'],
    ['a function that may not be there', 'if a; then ls() { rm x; }; fi; ls'],
    ['a shell that reads what comes', 'a | bash'],
    ['a shell with a heredoc', 'sh <<E\nrm x\nE'],
    ['a connection', 'a > /dev/tcp/1.2.3.4/80'],
    ['grammar that a plain sh reads otherwise', "sh -c '((rm x))'"],
    ['an unfinished substitution', 'echo $('],
    ['an unfinished if', 'if a; then b'],
    ['a NUL byte', 'a\0b'],
    ['a text without end', 'a;'.repeat(40_000)],
    ['many parts', 'a;'.repeat(2_000)],
    ['deep nesting', `${'$('.repeat(3_000)}a${')'.repeat(3_000)}`],
    ['shells in shells', `${'eval '.repeat(20)}a`],
  ])('%s', (_name, command) => {
    expect(walk(command).some((part) => part.startsWith('?'))).toBe(true);
  });
});

test('it never throws, whatever it is given', () => {
  const token = fc.constantFrom(
    ...'$( ` ( ) { } [[ ]] (( )) " \' \\ ; & | && || < > << <<< >& 2> # ! ~ * ? = += \n a b cd if then fi for in do done case esac while function $x @ : - eval bash -c xargs find -exec {} \\; trap declare read $\' $" <( \r'.split(
      ' ',
    ),
    ' ',
    '\n',
    `\${`,
    `\${!`,
    '\0',
    '\uE000',
  );
  const text = fc.oneof(
    fc.array(token, { maxLength: 30 }).map((tokens) => tokens.join(' ')),
    fc.array(token, { maxLength: 30 }).map((tokens) => tokens.join('')),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => new TextDecoder().decode(bytes)),
  );
  fc.assert(
    fc.property(text, (command) => {
      expect(walkShell(command, { cwd: '/p', home: '/h' })).toBeArray();
    }),
    { numRuns: 1_500 },
  );
});
