import { isAbsolute, join, relative } from 'node:path';
import type { PermissionJudge, Verdict } from '../agent/permission-judge.ts';
import type { Action } from '../permissions/action.ts';
import { isWithin } from '../project/resolve-path.ts';
import type { TestRunner } from './find-runner.ts';
import { isTestFile } from './test-files.ts';

export interface TestJudgeOptions {
  /** Of the session, whose rules hold too. */
  readonly judge: PermissionJudge;
  /** Absolute, links resolved. */
  readonly root: string;
  readonly runner: TestRunner;
}

/**
 * Lets a run read as its session may, write files with tests and nothing else, and run the command that
 * tests are run with. What the session's own rules deny stays denied.
 */
export function testJudge({ judge, root, runner }: TestJudgeOptions): PermissionJudge {
  return {
    judge: async (toolName, actions) => {
      const verdict = await judge.judge(toolName, actions);
      if (verdict.verdict === 'deny') return verdict;
      for (const action of actions) {
        const reason = refusal(action, root, runner);
        if (reason !== undefined) return denied(reason);
      }
      // Who has tests generated has agreed to the command that runs them.
      const isTestRun = actions.length > 0 && actions.every(({ kind }) => kind === 'shell');
      return isTestRun ? allowed : verdict;
    },
    remember: async () => {},
    ...(judge.hides === undefined ? {} : { hides: () => judge.hides?.() ?? nothing() }),
  };
}

const allowed: Verdict = {
  verdict: 'allow',
  reason: 'it runs the tests, as the user asked',
  remembers: [],
};

async function nothing(): Promise<() => boolean> {
  return () => false;
}

function denied(reason: string): Verdict {
  return { verdict: 'deny', reason, remembers: [] };
}

/** Undefined where nothing speaks against it. */
function refusal(action: Action, root: string, runner: TestRunner): string | undefined {
  switch (action.kind) {
    case 'read':
      return undefined;
    case 'write':
      if (action.change === 'delete') return 'files are not deleted while tests are generated';
      if (isWithin(root, action.path) && isTestFile(relative(root, action.path))) return undefined;
      return 'only files with tests may be written while tests are generated';
    case 'shell': {
      const { command, cwd, reach } = action;
      const isTests = reach === undefined && cwd === runner.cwd && runsTests(command, root, runner);
      if (isTests) return undefined;
      return `the one command here is \`${runner.command}\`, with files of tests, in ${runner.cwd}`;
    }
    default:
      return 'only files of the project are needed to generate tests';
  }
}

/** The runner's command, and nothing after it but the names of tests. */
function runsTests(command: string, root: string, { all, command: base, cwd, name }: TestRunner) {
  const text = command.trim();
  if (text === base || text === `${base} ${all}`) return true;
  if (!text.startsWith(`${base} `)) return false;
  const words = text.slice(base.length).trim();
  if (name === 'cargo') return /^--test \w[\w-]*(?: --test \w[\w-]*)*$/.test(words);
  return words.split(/ +/).every((word) => {
    if (!/^[\w.@+/][\w.@+/-]*$/.test(word) || isAbsolute(word)) return false;
    const path = relative(root, join(cwd, word));
    if (path.startsWith('..')) return false;
    return isTestFile(path) || (name === 'go' && !/\.\w+$/.test(word));
  });
}
