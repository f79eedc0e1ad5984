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
];

function key(what: string, name: string, then: string): KeyLimit {
  return { group, what, key: `mcp.${name}`, then };
}

/** `source` is the file below `packages/`, the constant and its unit. */
function fixed(what: string, source: string, then: string): FixedLimit {
  const [file = '', constant = '', unit = ''] = source.split(' ');
  return { group, what, file, constant, unit: unit as FixedLimit['unit'], then };
}
