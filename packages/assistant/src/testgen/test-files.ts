/** Languages that tests can be written in, by the ends of file names. */
export type TestLanguage = 'javascript' | 'python' | 'go' | 'rust' | 'other';

const patterns: Readonly<Record<Exclude<TestLanguage, 'other'>, RegExp>> = {
  javascript: /(?:[._](?:test|spec)\.[cm]?[jt]sx?|(?:^|\/)__tests__\/[^.]+\.[cm]?[jt]sx?)$/,
  python: /(?:^|\/)(?:test_[^/]+|[^/]+_test)\.py$/,
  go: /_test\.go$/,
  // Only these are found without a line in the code that they test.
  rust: /(?:^|\/)tests\/[\w-]+\.rs$/,
};

/** As other languages call them: `sum_spec.rb`, `SumTest.java`, `sum_test.dart`. */
const others = /(?:[._](?:test|spec)|Tests?)\.[A-Za-z]+$/;

/** Folders that no test is written into, whatever its name. */
const closed = /(?:^|\/)(?:\.[^/]+|node_modules|vendor)\//;

export function languageOf(path: string): TestLanguage {
  if (/\.[cm]?[jt]sx?$/.test(path)) return 'javascript';
  if (path.endsWith('.py')) return 'python';
  if (path.endsWith('.rs')) return 'rust';
  return path.endsWith('.go') ? 'go' : 'other';
}

/** Whether a path, relative to the project's root, is that of a file with tests. */
export function isTestFile(path: string): boolean {
  if (closed.test(path)) return false;
  const language = languageOf(path);
  return language === 'other' ? others.test(path) : patterns[language].test(path);
}
