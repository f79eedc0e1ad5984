import { basename, dirname } from 'node:path';
import { quote } from './quote.ts';

export type RunnerName = 'bun' | 'vitest' | 'jest' | 'node' | 'pytest' | 'go' | 'cargo' | 'own';

/** How one program that runs tests is told what to do. Arguments are text for bash, quoted. */
export interface RunnerKind {
  /** Arguments that run these files alone, relative to the runner's folder; undefined: it can only run all. */
  readonly files: ((files: readonly string[]) => string) | undefined;
  /** What stands after its command to run some files, for a model. As `with the files to run after it`, the default. */
  readonly filesInWords?: string;
  /**
   * What has it write a report of the lines it ran into a folder, with only `target` in it where it can
   * choose; undefined: it cannot.
   */
  readonly coverage?: (folder: string, target: string) => CoverageWords;
  /** What has to be installed for that beside the runner itself. */
  readonly coverageNeeds?: string;
  /** Files that can only be run together have the same. Default: each for itself. */
  readonly unit?: (file: string) => string;
  /** Finds how many tests passed in what it printed: the group, else each match is one. */
  readonly passed?: RegExp;
}

interface CoverageWords {
  /** Variables before the command. */
  readonly before?: string;
  /** What the command itself becomes. Default: it stays. */
  readonly command?: (command: string) => string;
  readonly arguments: string;
  /** The report's name in the folder. */
  readonly report: string;
}

const here = (files: readonly string[]): string =>
  files.map((file) => quote(`./${file}`)).join(' ');

/** Source: the documentation of each program's command line. */
export const runnerKinds: Readonly<Record<RunnerName, RunnerKind>> = {
  bun: {
    files: here,
    coverage: (folder) => ({
      arguments: `--coverage --coverage-reporter=lcov --coverage-dir=${folder}`,
      report: 'lcov.info',
    }),
    passed: /^\s*(\d+) pass$/m,
  },
  vitest: {
    files: (files) => files.map(quote).join(' '),
    coverage: (folder, target) => ({
      arguments: `--coverage.enabled --coverage.reporter=lcovonly --coverage.reportOnFailure --coverage.reportsDirectory=${folder} --coverage.include=${quote(target)}`,
      report: 'lcov.info',
    }),
    coverageNeeds: '@vitest/coverage-v8',
    passed: /^\s*Tests\s.*?(\d+) passed/m,
  },
  jest: {
    files: (files) => `--runTestsByPath ${here(files)}`,
    coverage: (folder, target) => ({
      arguments: `--coverage --coverageReporters=lcovonly --coverageDirectory=${folder} --collectCoverageFrom=${quote(target)}`,
      report: 'lcov.info',
    }),
    passed: /^Tests:.*?(\d+) passed/m,
  },
  node: {
    files: here,
    coverage: (folder) => ({
      // With a reporter of one's own the usual one is gone, and with it the counts.
      arguments: `--experimental-test-coverage --test-reporter=lcov --test-reporter-destination=${folder}/lcov.info --test-reporter=spec --test-reporter-destination=stdout`,
      report: 'lcov.info',
    }),
    passed: /^(?:#|ℹ) pass (\d+)$/m,
  },
  pytest: {
    files: (files) => files.map(quote).join(' '),
    coverage: (folder, target) => ({
      before: `COVERAGE_FILE=${folder}/data`,
      arguments: `--cov=${quote(dirname(target))} --cov-report=lcov:${folder}/lcov.info`,
      report: 'lcov.info',
    }),
    coverageNeeds: 'pytest-cov',
    passed: /(\d+) passed/,
  },
  go: {
    files: (files) => here([...new Set(files.map((file) => dirname(file)))]),
    coverage: (folder, target) => ({
      arguments: `-coverprofile=${folder}/profile -coverpkg=${quote(`./${dirname(target)}`)}`,
      report: 'profile',
    }),
    unit: dirname,
    passed: /^\s*--- PASS: /gm,
  },
  cargo: {
    files: (files) => files.map((file) => `--test ${quote(basename(file, '.rs'))}`).join(' '),
    filesInWords: 'with `--test NAME` after it for each tests/NAME.rs to run',
    coverage: (folder) => ({
      command: (command) => command.replace(/\btest\b/, 'llvm-cov'),
      arguments: `--lcov --output-path ${folder}/lcov.info`,
      report: 'lcov.info',
    }),
    coverageNeeds: 'cargo-llvm-cov',
    passed: /^test .* \.\.\. ok$/gm,
  },
  own: { files: undefined, unit: () => '' },
};

/** What programs say where a project has no tests yet. */
export const noTests =
  /no tests? (?:files? )?(?:were |was )?(?:found|ran|to run)|no test files?\b|0 test files/i;
