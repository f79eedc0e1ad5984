import type { FixedLimit, KeyLimit } from './limits-page.ts';

const connections = 'Connections and requests';
const load = 'How much at once';
const waits = 'Waits';
const answers = 'Answers of providers';
const routing = 'What a request may ask of routing';
const callers = 'Callers';
const memory = 'What is kept in memory, and what waits';
const telemetry = 'Metrics and traces';
const secrets = 'Secrets';

/** Limits that the configuration sets. */
export const keyLimits: readonly KeyLimit[] = [
  limit(connections, 'body of a request, in MiB', 'server.max_body_mb', '413'),
  limit(connections, 'all headers of a request, in KiB', 'server.max_header_kb', '431'),
  limit(connections, 'time to send a body, in ms', 'server.body_timeout_ms', '408'),
  limit(connections, 'messages of a request', 'server.max_messages', '400 that names the list'),
  limit(connections, 'tools of a request', 'server.max_tools', '400 that names the list'),
  limit(
    load,
    'requests to models under way',
    'server.max_concurrent_requests',
    'others wait their turn, by key; beyond the queue 503 with `retry-after`',
  ),
  limit(load, 'of these, streams', 'server.max_concurrent_streams', 'the same'),
  limit(
    load,
    'requests that wait for a place',
    'server.queue_length',
    '503 with `retry-after`; one key has at most half of the queue',
  ),
  limit(
    load,
    'how long one waits for a place, in ms',
    'server.queue_timeout_ms',
    '503; at once where the wait would be longer',
  ),
  limit(
    waits,
    "silence before a stream's first token, in ms",
    'server.first_token_timeout_ms',
    'the next candidate, else 504',
  ),
  limit(waits, 'a whole answer, in ms', 'server.answer_timeout_ms', 'the next candidate, else 504'),
  limit(
    waits,
    'silence within an answer, and a client that reads nothing of it, in ms',
    'server.idle_timeout_ms',
    'the stream ends with an error; the client is cut, and the call to the provider cancelled',
  ),
  limit(
    waits,
    'reading on for a client that left, in ms',
    'server.drain_limit_ms',
    'the call to the provider is cancelled',
  ),
  limit(
    waits,
    'new requests after SIGTERM, in ms',
    'server.drain_delay_ms',
    'the connection is refused',
  ),
  limit(
    waits,
    'running requests after SIGTERM, in ms',
    'server.shutdown_timeout_ms',
    'each ends with an error that says so',
  ),
  limit(
    callers,
    'failed authentications of an address a minute',
    'limits.auth_failures_per_minute',
    '429 for a while',
  ),
  limit(
    callers,
    'output that is held for in budgets, in tokens',
    'budgets.default_output_tokens',
    'a stream that outgrows a hard budget is stopped',
  ),
  limit(memory, 'answers in the cache, in MiB', 'cache.max_mb', 'the oldest make room'),
  limit(
    memory,
    'questions of the semantic cache',
    'cache.semantic.max_entries',
    'the oldest make room',
  ),
  limit(memory, 'their vectors, in MiB', 'cache.semantic.max_mb', 'the oldest make room'),
  limit(
    waits,
    'a vector for the semantic cache, in ms',
    'cache.semantic.timeout_ms',
    'the request goes on without',
  ),
  limit(
    waits,
    'a check of a provider, in ms',
    'routing.health_check_timeout_ms',
    'it counts as failed',
  ),
  limit(secrets, 'an answer of Vault, in ms', 'vault.timeout_ms', 'the next attempt'),
  limit(
    memory,
    'the ledger on the disk while the database does not take it, in MiB',
    'storage.spool_max_mb',
    'requests are refused, or the oldest rows in memory are lost (`ledger.when_full`)',
  ),
  limit(
    memory,
    'a prompt, and an answer, that are kept, in KiB',
    'content.max_kb',
    'the rest is cut off',
  ),
];

/** Limits that are constants. */
export const fixedLimits: readonly FixedLimit[] = [
  fixed(
    connections,
    'arrays and objects of a body in each other',
    'foundation/src/text/json-depth.ts maxJsonDepth levels',
    '400',
  ),
  fixed(
    connections,
    'a TLS handshake',
    'daemon/src/tls/handshakes.ts handshakeTimeoutMs ms',
    'the connection is closed',
  ),
  fixed(
    connections,
    'TLS handshakes under way',
    'daemon/src/tls/handshakes.ts maxHandshakes',
    'the oldest is closed',
  ),
  fixed(
    connections,
    'a file of certificates',
    'daemon/src/tls/read-tls.ts maxFileBytes bytes',
    'it is refused, and told',
  ),
  fixed(
    callers,
    'client certificates whose holder is remembered',
    'gateway/src/governance/identity/certificate-callers.ts maxKnown',
    'the oldest is looked up again',
  ),
  fixed(
    connections,
    "a model's name",
    'gateway/src/routing/model-catalog.ts maxNameChars characters',
    '400',
  ),
  fixed(connections, 'tags of a request', 'gateway/src/http/exchange.ts maxTags', '400'),
  fixed(connections, 'a tag', 'gateway/src/http/exchange.ts maxTagChars characters', '400'),
  fixed(
    connections,
    'a token (JWT)',
    'foundation/src/auth/jwt/compact-jws.ts defaultMaxTokenLength characters',
    '401',
  ),
  fixed(
    answers,
    'connections to all providers, and to one',
    'foundation/src/http-client/http-client.ts defaultMaxConnections',
    'others wait, within the time for a first token',
  ),
  fixed(
    answers,
    'all headers of an answer',
    'foundation/src/http-client/block-reader.ts maxHeadBytes bytes',
    'the next candidate, else 502',
  ),
  fixed(
    answers,
    'headers of an answer',
    'foundation/src/http-client/answer-head.ts maxHeaders',
    'the next candidate, else 502',
  ),
  fixed(
    answers,
    'a whole answer',
    'gateway/src/providers/call-provider.ts maxAnswerBytes bytes',
    '502',
  ),
  fixed(
    answers,
    "an error's body",
    'gateway/src/providers/call-provider.ts maxErrorBytes bytes',
    'the rest is not read',
  ),
  fixed(
    answers,
    'a record of a stream',
    'gateway/src/framing/sse.ts maxFrameChars characters',
    'the stream ends with an error',
  ),
  fixed(
    answers,
    'a JSON answer of an endpoint that is passed on',
    'gateway/src/http/endpoints/raw.ts maxMeteredBytes bytes',
    '502',
  ),
  fixed(
    answers,
    "a provider's list of models",
    'gateway/src/providers/get-json.ts maxListBytes bytes',
    'the list counts as not given',
  ),
  fixed(
    answers,
    'text of a stream kept for counting its tokens',
    'gateway/src/http/translation.ts maxCountedChars characters',
    'the count is scaled up',
  ),
  fixed(
    waits,
    "a provider's list of models",
    'gateway/src/routing/model-catalog.ts listTimeoutMs ms',
    'the list counts as not given',
  ),
  fixed(
    routing,
    'candidates asked at once',
    'gateway/src/routing/routing-request.ts maxAtOnce',
    '400',
  ),
  fixed(routing, 'providers named', 'gateway/src/routing/routing-request.ts maxNames', '400'),
  fixed(
    routing,
    'a session id',
    'gateway/src/routing/routing-request.ts maxSessionIdChars characters',
    '400',
  ),
  fixed(
    routing,
    'a wait that `retry-after` asks for',
    'gateway/src/routing/retry-rules.ts maxRetryAfterMs ms',
    'no further try there',
  ),
  fixed(
    routing,
    'answers shown to a judge',
    'gateway/src/routing/merge/judge.ts maxJudgedChars characters',
    'the best-ranked answer is given',
  ),
  fixed(
    callers,
    'addresses with failed authentications',
    'gateway/src/governance/rate-limits/auth-throttle.ts maxAddresses',
    'new ones are counted together',
  ),
  fixed(
    callers,
    'ledger rows for requests of unknown callers, or of too many, at once',
    'gateway/src/governance/refusals.ts maxFrequent',
    'one row a second; the metrics have all',
  ),
  fixed(
    memory,
    'ledger rows that wait for the database',
    'gateway/src/governance/ledger.ts maxWaitingEntries',
    'first they wait on the disk; then requests are refused, or the oldest are lost (`ledger.when_full`)',
  ),
  fixed(
    memory,
    'audit entries that wait for the database',
    'gateway/src/governance/audit/audit-log.ts maxWaiting',
    'what is to be on it is refused with 429',
  ),
  fixed(
    memory,
    'an answer that requests under way share',
    'gateway/src/cache/flight.ts maxHeldChars characters',
    'who follows asks for itself, or its stream ends with an error',
  ),
  fixed(
    memory,
    'sessions that keep their model',
    'gateway/src/routing/sessions.ts maxSessions',
    'the oldest are forgotten',
  ),
  fixed(
    memory,
    'models with figures of their own',
    'gateway/src/routing/live-figures.ts maxModels',
    'the one asked longest ago is forgotten',
  ),
  fixed(
    memory,
    'models that one of several keys is remembered for',
    'gateway/src/routing/live-account.ts maxModels',
    'the one asked longest ago is forgotten',
  ),
  fixed(
    routing,
    'the rest of a key after a 429',
    'gateway/src/routing/live-account.ts longestRestMs ms',
    'a longer `retry-after` is not believed',
  ),
  fixed(
    telemetry,
    'series of a metric',
    'foundation/src/telemetry/registry.ts maxSeries',
    'the rest are one, `other`',
  ),
  fixed(
    telemetry,
    'models with a label of their own',
    'gateway/src/telemetry/model-labels.ts maxModelLabels',
    'the rest are one, `other`',
  ),
  fixed(
    telemetry,
    'spans that wait for the collector',
    'foundation/src/telemetry/otlp-tracer.ts maxWaitingSpans',
    'new ones are lost',
  ),
  fixed(
    telemetry,
    'prompts or answers in a span, where switched on',
    'gateway/src/telemetry/content.ts maxContentChars characters',
    'the newest messages stand in it',
  ),
  fixed(
    telemetry,
    '`tracestate`',
    'gateway/src/telemetry/trace-context.ts maxStateChars characters',
    'it is not sent on',
  ),
  fixed(
    secrets,
    'secrets that zeke keeps',
    'foundation/src/secrets/secrets-file.ts maxSecrets',
    'another is refused',
  ),
  fixed(
    secrets,
    'the value of one',
    'foundation/src/secrets/encrypted-store.ts maxValueBytes bytes',
    'it is refused',
  ),
  fixed(
    secrets,
    'waiting for another process that writes them',
    'foundation/src/files/file-lock.ts waitLimitMs ms',
    'the command fails, and nothing is changed',
  ),
  fixed(
    secrets,
    'an answer of Vault',
    'foundation/src/secrets/vault/vault-request.ts maxAnswerBytes bytes',
    'it is no Vault',
  ),
  fixed(
    secrets,
    'attempts at a Vault that fails',
    'foundation/src/secrets/vault/vault-client.ts maxAttempts',
    'the last value is kept',
  ),
  fixed(
    secrets,
    'between readings that refused keys of one provider cause',
    'daemon/src/fresh-keys.ts intervalMs ms',
    'the refusal is told as it is',
  ),
  fixed(
    secrets,
    'a refused request that waits for a reading',
    'daemon/src/fresh-keys.ts longestWaitMs ms',
    'the refusal is told as it is',
  ),
];

function limit(group: string, what: string, key: string, then: string): KeyLimit {
  return { group, what, key, then };
}

/** `source` is the file below `packages/`, the constant and its unit. */
function fixed(group: string, what: string, source: string, then: string): FixedLimit {
  const [file = '', constant = '', unit = ''] = source.split(' ');
  return { group, what, file, constant, unit: unit as FixedLimit['unit'], then };
}
