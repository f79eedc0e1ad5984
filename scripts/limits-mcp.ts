import type { FixedLimit, KeyLimit } from './limits-page.ts';

const group = 'Model Context Protocol';

/** Limits of `/mcp` and of calls over MCP that the configuration sets. */
export const mcpKeyLimits: readonly KeyLimit[] = [
  key('open sessions of all callers; of one, a tenth', 'serve.max_sessions', '503 with −32009'),
  key('a session that nobody uses, in ms', 'serve.session_idle_ms', 'it ends'),
  key('calls of a session under way', 'serve.max_session_calls', '−32009'),
  key('a result of a call, in KiB', 'policy.max_result_kb', 'it is cut, and says so'),
  key('a call that waits for consent, in ms', 'policy.consent_timeout_ms', '−32006'),
];

/** Those that nobody sets. */
export const mcpFixedLimits: readonly FixedLimit[] = [
  fixed('a message', 'mcp/src/server/frame.ts maxMessageBytes bytes', '413, or −32600'),
  fixed('messages of a batch', 'mcp/src/server/frame.ts maxBatchLength', '400 with −32600'),
  fixed(
    'things listed in one page',
    'mcp/src/server/served-server.ts pageLength',
    'the next page has the rest',
  ),
  fixed(
    'streams of changes of all callers',
    'mcp/src/server/http-endpoint.ts maxListens',
    '503 with −32009',
  ),
  fixed(
    'subscriptions of one connection',
    'mcp/src/server/connection.ts maxListensOfConnection',
    '−32603',
  ),
  fixed(
    'resources that a connection watches',
    'mcp/src/server/resource-watch.ts maxWatchedResources',
    '−32009',
  ),
  fixed('WebSockets', 'mcp/src/server/web-socket-endpoint.ts maxMcpSockets', '503'),
  fixed(
    'messages of a session that can be had again',
    'mcp/src/server/session-events.ts maxKeptEvents',
    'the oldest are forgotten',
  ),
  fixed(
    'the same, in bytes',
    'mcp/src/server/session-events.ts maxKeptEventBytes bytes',
    'the oldest are forgotten',
  ),
  fixed(
    "calls that wait for their caller's answer",
    'mcp/src/server/asking.ts maxParkedCalls',
    '−32009',
  ),
  fixed('how long one waits', 'mcp/src/server/asking.ts parkedCallMs ms', 'the call is aborted'),
  fixed(
    'an argument that rules read, in characters',
    'mcp/src/policy/compile-rules.ts maxMatchedChars',
    'it fits every rule that refuses, and none that allows',
  ),
  fixed(
    'tools of other servers that are remembered',
    'mcp/src/policy/tool-pins.ts maxPinnedTools',
    'no more are taken',
  ),
  fixed(
    'a file as a resource',
    'daemon/src/mcp/project-resources.ts maxResourceBytes bytes',
    '−32003',
  ),
  fixed(
    'files in the list of resources',
    'daemon/src/mcp/project-resources.ts maxListedFiles',
    'the rest is not listed, and can be read',
  ),
  fixed(
    'sessions in the list of resources',
    'daemon/src/mcp/session-resources.ts maxListedSessions',
    'the rest is not listed, and can be read',
  ),
  fixed(
    'changed files that a run of the agent names',
    'daemon/src/mcp/run-over-mcp.ts maxToldFiles',
    'the rest is counted',
  ),
  fixed('calls of all callers under way', 'daemon/src/mcp/compose-mcp.ts maxCallsOfAll', '−32009'),
];

const client = 'MCP servers that zeke calls';

/** Limits of what other servers may do. */
export const mcpClientLimits: readonly FixedLimit[] = [
  ofClient('calls of a server under way', 'limits.ts maxCallsPerServer', '`resource_exhausted`'),
  ofClient('entries of one list', 'limits.ts maxListItems', 'the rest is left out, and told'),
  ofClient('pages of one list', 'limits.ts maxListPages', 'the same'),
  ofClient('what is said of one tool', 'limits.ts maxDescriptorBytes bytes', 'it is left out'),
  ofClient('messages within a second', 'limits.ts maxMessagesPerSecond', 'it is cut off'),
  ofClient('things that are no messages', 'limits.ts maxBrokenMessages', 'it is cut off'),
  ofClient('what it leaves unread', 'limits.ts maxUnreadBytes bytes', 'it is cut off'),
  ofClient('kept of its log', 'limits.ts maxLogChars characters', 'the oldest is forgotten'),
  ofClient('failures one after the other', 'limits.ts maxFailures', 'only a person tries again'),
  ofClient('a wait before it is tried again', 'limits.ts maxRetryMs ms', 'it is no longer'),
  ofClient('how long a program takes to end', 'limits.ts endGraceMs ms', 'it is killed'),
  ofClient('parts of a result', 'cap-result.ts maxResultParts', 'the rest is cut, and said'),
  ofClient('an image or a sound', 'cap-result.ts maxMediaBytes bytes', 'it is named in its place'),
  ofClient('parts of a schema', 'plain-schema.ts maxParts', 'what is deeper takes anything'),
  ofClient('questions within one call', 'limits.ts maxQuestionsPerCall', 'canceled'),
  ofClient('how long a question waits', 'questions.ts maxQuestionMs ms', 'canceled'),
  ofClient('an address to be opened', 'questions.ts maxUrlChars characters', 'declined'),
  ofClient('fields of a form', 'question-form.ts maxFields', 'declined'),
  ofClient('options of a choice', 'question-form.ts maxOptions', 'declined'),
  ofClient(
    'a text that is given back',
    'question-form.ts maxTextChars characters',
    '`invalid_argument`',
  ),
  ofClient(
    "servers of a project's `.mcp.json`",
    'project/project-file.ts maxProjectServers',
    'the file is refused',
  ),
  ofClient(
    'the file itself',
    'project/project-file.ts maxProjectFileBytes bytes',
    'the file is refused',
  ),
  {
    ...fixed(
      'projects whose servers stay connected',
      'daemon/src/mcp/project-hubs.ts maxHubs',
      'those of the one used longest ago are let go',
    ),
    group: client,
  },
];

function ofClient(what: string, source: string, then: string): FixedLimit {
  return { ...fixed(what, `mcp/src/client/${source}`, then), group: client };
}

function key(what: string, name: string, then: string): KeyLimit {
  return { group, what, key: `mcp.${name}`, then };
}

/** `source` is the file below `packages/`, the constant and its unit. */
function fixed(what: string, source: string, then: string): FixedLimit {
  const [file = '', constant = '', unit = ''] = source.split(' ');
  return { group, what, file, constant, unit: unit as FixedLimit['unit'], then };
}
