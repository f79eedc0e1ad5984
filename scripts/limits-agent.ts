import type { FixedLimit } from './limits-page.ts';

const agent = 'Agents, chat and sessions';
const tools = 'git, the web and extensions';

/** Limits of runs, of what sessions keep, and of what runs in the daemon for them. */
const runs: readonly FixedLimit[] = [
  row('answers of models in a run', 'run-budget.ts defaultSteps', 'it ends; `assistant.max_steps`'),
  row('calls of a step at once', 'run-calls.ts maxAtOnce', 'the others wait'),
  row('calls of one answer', 'ask-model.ts maxCalls', 'the answer is refused'),
  row('an answer of a model', 'ask-model.ts maxAnswerLength characters', 'the same'),
  row('tries of one question', 'ask-model.ts maxAttempts', 'the run ends'),
  row('a wait that a provider asks for', 'ask-model.ts longestWaitMs ms', 'it is not asked again'),
  row('answers in a row that are cut, or empty', 'agent-run.ts maxContinuations', 'the run ends'),
  row('times that a call fails in the same way', 'loop-guard.ts maxFailures', 'the run ends'),
  row('rounds of checks', 'checks.ts maxRounds', 'the run ends, and says what fails'),
  row('messages that wait for the next step', 'agent.ts maxSteers', '`resource_exhausted`'),
  row('a task for a subagent', 'task-tool.ts maxPromptLength characters', 'the call fails'),
  row('a tool after its run was canceled', 'execute-call.ts graceMs ms', 'it is left behind'),
  row('branches of one session', 'worktree.ts maxBranches', 'the worktree stays'),
  row('events that a caller has not read', 'event-channel.ts maxWaiting', 'the run waits'),
  row(
    'results of files that are referred to',
    'sent-reads.ts maxKnown',
    'the oldest are sent whole again',
  ),
  at(agent, 'answers of a chat to one message', 'assistant/src/chat/chat.ts maxSteps', 'an error'),
  at(
    agent,
    'messages of a chat',
    'assistant/src/chat/chat-messages.ts maxMessages',
    '`invalid_argument`',
  ),
  at(
    agent,
    'all of them',
    'assistant/src/chat/chat-messages.ts maxLength characters',
    '`invalid_argument`',
  ),
  at(
    agent,
    'events of a run that are kept for who comes later',
    'assistant/src/service/run-registry.ts maxKeptEvents',
    'the first are dropped',
  ),
  at(
    agent,
    'runs that have ended and can be looked at',
    'assistant/src/service/run-registry.ts maxEnded',
    'the oldest is forgotten',
  ),
  at(
    agent,
    'how long one can',
    'assistant/src/service/run-registry.ts keepEndedMs ms',
    'it is forgotten; its session stays',
  ),
  kept('a result of a tool', 'sessions/session-limits.ts maxResultLength characters', 'cut'),
  kept('the difference of a file', 'sessions/session-limits.ts maxDiffLength characters', 'cut'),
  kept('a session', 'sessions/session-limits.ts maxSessionBytes bytes', '`resource_exhausted`'),
  kept(
    'a file in a snapshot',
    'snapshots/list-changes.ts maxFileBytes bytes',
    'left out, and told',
  ),
  kept('files of a snapshot', 'snapshots/list-changes.ts maxFiles', 'no snapshot is taken'),
  kept('a snapshot', 'snapshots/list-changes.ts maxSnapshotBytes bytes', 'no snapshot is taken'),
  at(
    agent,
    'snapshots of a project, beside the newest',
    'daemon/src/assistant/keep-tidy.ts maxSnapshotBytes bytes',
    'the oldest are deleted',
  ),
];

/** Limits of tools of git and the web, and of files that add to zeke. */
const ofTools: readonly FixedLimit[] = [
  tool('what git shows', 'git/read-git.ts maxShownBytes bytes', 'cut, and said'),
  tool('a command of git that reads', 'git/read-git.ts limitMs ms', 'it is ended'),
  tool('commits that `git_log` shows', 'git/git-reading.ts maxCommits', '`invalid_argument`'),
  tool('paths that one call names', 'git/git-reading.ts maxPaths', '`invalid_argument`'),
  tool('lines around a change', 'git/git-reading.ts maxContext', '`invalid_argument`'),
  tool(
    'paths of `git_commit`',
    'git/git-changing.ts maxPaths',
    '`invalid_argument`; a folder is one',
  ),
  tool(
    'a message of a commit',
    'git/git-changing.ts maxMessageCharacters characters',
    '`invalid_argument`',
  ),
  tool('files that a diff leaves out', 'git/hidden-files.ts maxHidden', 'the diff is refused'),
  tool('a page', 'web/fetch-page.ts maxBodyBytes bytes', 'it is not taken'),
  tool('how long one may take', 'web/fetch-page.ts limitMs ms', 'it is not taken'),
  tool('redirects within its server', 'web/fetch-page.ts maxRedirects', 'it is not taken'),
  tool(
    'of a page at once',
    'web/web-tools.ts maxShownCharacters characters',
    'the rest by `offset`',
  ),
  tool('elements of a page within each other', 'web/html-to-markdown.ts maxDepth', 'cut, and said'),
  tool('its Markdown', 'web/html-to-markdown.ts maxCharacters characters', 'cut, and said'),
  extension('files of one kind in a folder', 'extension-files.ts maxFiles', 'the rest is left out'),
  extension('one of them', 'extension-files.ts maxFileBytes bytes', 'it is left out, and told'),
  extension('its front matter', 'front-matter.ts maxHeadLength characters', 'the same'),
  extension(
    'a description in it',
    'load-extensions.ts maxDescriptionLength characters',
    'the same',
  ),
  extension(
    'the list of skills for a model',
    'skill-tool.ts maxListLength characters',
    'further ones are named without it',
  ),
];

/** Limits of agents and of their tools that nobody sets. */
export const agentLimits: readonly FixedLimit[] = [...runs, ...ofTools];

function row(what: string, source: string, then: string): FixedLimit {
  return at(agent, what, `assistant/src/agent/${source}`, then);
}

function kept(what: string, source: string, then: string): FixedLimit {
  return at(agent, what, `assistant/src/${source}`, then);
}

function tool(what: string, source: string, then: string): FixedLimit {
  return at(tools, what, `assistant/src/tools/${source}`, then);
}

function extension(what: string, source: string, then: string): FixedLimit {
  return at(tools, what, `assistant/src/extensions/${source}`, then);
}

/** `source` is the file below `packages/`, the constant and its unit. */
function at(group: string, what: string, source: string, then: string): FixedLimit {
  const [file = '', constant = '', unit = ''] = source.split(' ');
  return { group, what, file, constant, unit: unit as FixedLimit['unit'], then };
}
