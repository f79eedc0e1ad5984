import type { FixedLimit } from './limits-page.ts';

const group = 'Commands and permissions';
const shell = 'assistant/src/tools/shell';
const permissions = 'assistant/src/permissions';

/** Limits of commands, and of what is said about them. */
export const shellLimits: readonly FixedLimit[] = [
  of('a command line', `${shell}/shell-tool.ts`, 'maxScriptBytes', 'bytes', '`invalid_argument`'),
  of('jobs of a session', `${shell}/shell-host.ts`, 'maxJobs', '', '`resource_exhausted`'),
  of('output of a command', `${shell}/shell-host.ts`, 'maxOutputBytes', 'bytes', 'it is ended'),
  of(
    'output in the file',
    `${shell}/shell-host.ts`,
    'maxFileBytes',
    'bytes',
    'the rest is not in the file',
  ),
  of(
    'output kept of the beginning, and of the end',
    `${shell}/shell-host.ts`,
    'keptBytes',
    'bytes',
    'the middle is only in the file',
  ),
  of(
    'output of a job that nobody read yet',
    `${shell}/shell-host.ts`,
    'ringBytes',
    'bytes',
    'the oldest is lost, and its size told',
  ),
  of(
    'processes of a command in the sandbox',
    `${shell}/shell-host.ts`,
    'maxProcesses',
    '',
    'no more can be started; not counted for root',
  ),
  of(
    'from SIGTERM to SIGKILL',
    `${shell}/start-process.ts`,
    'graceMs',
    'ms',
    'all of it is killed',
  ),
  of(
    'a command line that is looked into',
    `${permissions}/shell/shell-walk.ts`,
    'maxCommandChars',
    'characters',
    'it is asked',
  ),
  of(
    'parts of a command line',
    `${permissions}/shell/shell-walk.ts`,
    'maxParts',
    '',
    'it is asked',
  ),
  of(
    'scripts in words of scripts',
    `${permissions}/shell/shell-walk.ts`,
    'maxNesting',
    'levels',
    'it is asked',
  ),
  of(
    'a rule',
    `${permissions}/rule.ts`,
    'maxRuleLength',
    'characters',
    'it is a fault of its file',
  ),
  of('rules of a file', `${permissions}/rules-file.ts`, 'maxRules', '', 'a fault'),
  of('a file of rules', `${permissions}/rules-file.ts`, 'maxRulesFileBytes', 'bytes', 'a fault'),
  of(
    'rules remembered for a project',
    `${permissions}/project-decisions.ts`,
    'maxRemembered',
    '',
    '`resource_exhausted`',
  ),
];

function of(
  what: string,
  file: string,
  constant: string,
  unit: FixedLimit['unit'],
  then: string,
): FixedLimit {
  return { group, what, file, constant, unit, then };
}
