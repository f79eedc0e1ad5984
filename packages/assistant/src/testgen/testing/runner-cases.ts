import { writeCall } from '../../agent/testing/agent-fixture.ts';
import type { ModelScript } from '../../testing/scripted-model.ts';

/** A project in a language, what a model writes for it, and what has to come of that. */
export interface RunnerCase {
  readonly files: Readonly<Record<string, string>>;
  /** Gets tests. */
  readonly path: string;
  readonly turns: ModelScript;
  readonly kept: readonly object[];
  /** First lines of the reasons, by path. */
  readonly dropped: Readonly<Record<string, string>>;
  /** As far as every version of the runner counts alike. */
  readonly coverage: { readonly before?: number; readonly after?: number; readonly total?: number };
  /** How tests are run, as it is told. */
  readonly command: string;
}

const useless = 'it runs no line that was not run before';
const failing = 'it does not pass:';

const signInJavaScript = `export function sign(n) {
  if (n > 0) {
    return 'plus';
  }
  if (n < 0) {
    return 'minus';
  }
  return 'zero';
}
`;

/** One that is good, one that fails and one that adds nothing; the model does not mend them. */
function threeTests(
  text: (value: string, result: string) => string,
  name: (word: string) => string,
) {
  const turns: ModelScript = [
    {
      calls: [
        writeCall(name('minus'), text('-1', 'minus')),
        writeCall(name('zero'), text('0', 'nothing')),
        writeCall(name('two'), text('2', 'plus')),
      ],
    },
    { text: 'Written.' },
    { text: 'They stay as they are.' },
  ];
  return { turns, dropped: { [name('two')]: useless, [name('zero')]: failing } };
}

function javaScriptCase(head: string, manifest: object, command: string): RunnerCase {
  const text = (value: string, result: string) => `${head}
import { sign } from '../src/sign.js';

test('the sign of ${value}', () => {
  check(sign(${value}), '${result}');
});
`;
  return {
    files: {
      'package.json': JSON.stringify({ name: 'shop', type: 'module', ...manifest }),
      'src/sign.js': signInJavaScript,
      'test/sign.test.js': text('1', 'plus'),
    },
    path: 'src/sign.js',
    ...threeTests(text, (word) => `test/${word}.test.js`),
    kept: [{ path: 'test/minus.test.js', isNew: true, passed: 1 }],
    coverage: { before: 3, after: 5, total: 6 },
    command,
  };
}

/** Node.js counts lines that hold no statement, too, and not the same ones in each version. */
export const nodeCase: RunnerCase = {
  ...javaScriptCase(
    "import { strictEqual as check } from 'node:assert';\nimport { test } from 'node:test';",
    { scripts: { test: 'node --test' } },
    'node --test',
  ),
  coverage: { total: 9 },
};

const checkByExpect = 'const check = (value, wanted) => expect(value).toBe(wanted);';

export const vitestCase: RunnerCase = {
  ...javaScriptCase(
    `import { expect, test } from 'vitest';\n${checkByExpect}`,
    { devDependencies: { vitest: '*' } },
    './node_modules/.bin/vitest run',
  ),
  // It counts statements: the head of a function is none.
  coverage: { before: 2, after: 4, total: 5 },
};

/** Jest has no modules of its own without flags: CommonJS, as most of its projects. */
export const jestCase: RunnerCase = (() => {
  const text = (value: string, result: string) => `const { sign } = require('../src/sign.js');

test('the sign of ${value}', () => {
  expect(sign(${value})).toBe('${result}');
});
`;
  const source = `${signInJavaScript.replace('export ', '')}module.exports = { sign };\n`;
  return {
    ...javaScriptCase('', {}, './node_modules/.bin/jest'),
    files: {
      'package.json': JSON.stringify({ name: 'shop', devDependencies: { jest: '*' } }),
      'src/sign.js': source,
      'test/sign.test.js': text('1', 'plus'),
    },
    ...threeTests(text, (word) => `test/${word}.test.js`),
  };
})();

export const pytestCase: RunnerCase = (() => {
  const text = (value: string, result: string) => `from sign import sign


def test_sign():
    assert sign(${value}) == "${result}"
`;
  return {
    files: {
      'pyproject.toml': '[project]\nname = "shop"\n',
      'sign.py': `def sign(n):
    if n > 0:
        return "plus"
    if n < 0:
        return "minus"
    return "zero"
`,
      'test_sign.py': text('1', 'plus'),
    },
    path: 'sign.py',
    ...threeTests(text, (word) => `test_${word}.py`),
    kept: [{ path: 'test_minus.py', isNew: true, passed: 1, newLines: [4, 5] }],
    coverage: { before: 3, after: 5, total: 6 },
    command: 'python3 -m pytest',
  };
})();

/** Files of one package run together: one that fails has all of them mended. */
export const goCase: RunnerCase = (() => {
  const text = (name: string, value: string, result: string) => `package sign

import "testing"

func Test${name}(t *testing.T) {
	if Sign(${value}) != "${result}" {
		t.Fatal(Sign(${value}))
	}
}
`;
  const good = writeCall('sign/minus_test.go', text('Minus', '-1', 'minus'));
  const bad = writeCall('sign/zero_test.go', text('Zero', '0', 'nothing'));
  const mended = writeCall('sign/zero_test.go', text('Zero', '0', 'zero'));
  const kept = { isNew: true, passed: 3, newLines: [7, 8, 9, 10] };
  return {
    files: {
      'go.mod': 'module example.com/shop\n\ngo 1.20\n',
      'sign/sign.go': `package sign

func Sign(n int) string {
	if n > 0 {
		return "plus"
	}
	if n < 0 {
		return "minus"
	}
	return "zero"
}
`,
      'sign/sign_test.go': text('Plus', '1', 'plus'),
    },
    path: 'sign/sign.go',
    turns: [{ calls: [good, bad] }, { text: 'Written.' }, { calls: [mended] }, { text: 'Mended.' }],
    kept: [
      { path: 'sign/minus_test.go', ...kept },
      { path: 'sign/zero_test.go', ...kept },
    ],
    dropped: {},
    coverage: { before: 4, after: 8, total: 8 },
    command: 'go test -v',
  };
})();

export const cargoCase: RunnerCase = (() => {
  const text = (value: string, result: string) => `use shop::sign;

#[test]
fn the_sign() {
    assert_eq!(sign(${value}), "${result}");
}
`;
  return {
    files: {
      'Cargo.toml': '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n',
      'src/lib.rs': `pub fn sign(n: i32) -> &'static str {
    if n > 0 {
        return "plus";
    }
    if n < 0 {
        return "minus";
    }
    "zero"
}
`,
      'tests/sign.rs': text('1', 'plus'),
    },
    path: 'src/lib.rs',
    ...threeTests(text, (word) => `tests/${word}.rs`),
    kept: [{ path: 'tests/minus.rs', isNew: true, passed: 1 }],
    coverage: { before: 4, after: 7, total: 9 },
    command: 'cargo test',
  };
})();
