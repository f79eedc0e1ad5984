import { z } from 'zod';
import { assistantSchema } from './assistant-schema.ts';
import { authSchema } from './auth-schema.ts';
import { guardrailSchema, policySchema } from './guardrails-schema.ts';
import { mcpSchema } from './mcp-schema.ts';
import { redisSchema } from './redis-schema.ts';
import {
  clientAuthNames,
  intents,
  logLevels,
  mergeNames,
  type ProviderType,
  providerTypes,
  stickinessNames,
  strategyNames,
  tlsVersions,
} from './resolved-config.ts';
import { daemonSchema, rpcSchema } from './rpc-schema.ts';
import {
  choice,
  flag,
  httpUrl,
  integer,
  list,
  map,
  milliseconds,
  positive,
  price,
  ratio,
  secret,
  temperature,
  text,
} from './schema-fields.ts';
import { auditSchema, contentSchema, ledgerSchema, storageSchema } from './state-schema.ts';
import { vaultSchema } from './vault-schema.ts';

/** An address or a name; that it is not empty is checked before. */
const hostName = /^(?:\[[\da-f:.]+\]|[\da-f]*:[\da-f:.]*|[a-z\d](?:[a-z\d.-]*[a-z\d])?\.?)?$/i;

/** The table of a tier of rates. What is absent is not limited. */
export const tierSchema = z.strictObject({
  requests_per_minute: integer(1, 1_000_000_000).optional().describe('Requests, in the long run'),
  burst: integer(1, 1_000_000_000)
    .optional()
    .describe('Requests at once, after a rest; else those of a minute'),
  tokens_per_minute: integer(1, 1_000_000_000)
    .optional()
    .describe('Tokens of prompts and answers; those of a minute at once'),
  concurrent: integer(1, 100_000).optional().describe('Requests under way at the same time'),
});

/** The table of TLS. Paths start from the folder of the file. */
const tlsSchema = z.strictObject({
  cert_file: text().describe("The server's certificate and what it chains to, in PEM"),
  key_file: text().describe("The certificate's private key, in PEM, without a passphrase"),
  client_ca_file: text().optional().describe('Authorities of client certificates, in PEM'),
  client_crl_file: text().optional().describe('Revoked client certificates, as CRLs in PEM'),
  client_auth: choice(clientAuthNames)
    .default('none')
    .describe('Whether clients are asked for a certificate, and must have one'),
  min_version: choice(tlsVersions).default('1.2').describe('The oldest version of TLS'),
});

/** The table `[cache.semantic]`. */
const semanticCacheSchema = z.strictObject({
  enabled: flag().default(false).describe('Give answers to questions that mean the same, too'),
  model: text().optional().describe('The model that makes vectors of questions'),
  threshold: ratio()
    .default(0.95)
    .describe('The least similarity of two questions, the cosine of their vectors'),
  max_entries: integer(1, 1_000_000).default(5_000).describe('How many questions are kept'),
  max_mb: positive(65_536).default(64).describe('The memory that their vectors may take, in MiB'),
  timeout_ms: integer(1, 60_000)
    .default(1_000)
    .describe('How long a vector is waited for; then the request goes on without'),
  with_tools: flag().default(false).describe('Whether requests with tools count'),
});

/** A month. */
const maxCacheSeconds = 2_592_000;

/**
 * What a file may say, section by section: keys in snake case as users write them, with default
 * and description. `config-keys.ts` makes the documentation from it.
 */
export const sectionSchemas = {
  server: z.strictObject({
    host: text()
      .regex(hostName, 'it is no address, such as 127.0.0.1, and no name of a host')
      .default('127.0.0.1')
      .describe('Address to listen on. Another than loopback needs authentication'),
    port: integer(0, 65_535).default(8080).describe('HTTP port; 0 lets the system choose'),
    admin_host: text()
      .regex(hostName, 'it is no address, such as 127.0.0.1, and no name of a host')
      .optional()
      .describe('Address of the admin API, with server.admin_port; else that of all'),
    admin_port: integer(0, 65_535)
      .optional()
      .describe('Port of the admin API and /metrics, which are then found nowhere else'),
    max_body_mb: positive(1024).default(64).describe('Largest request body, in MiB'),
    max_header_kb: positive(1024).default(64).describe('Largest headers of a request, in KiB'),
    body_timeout_ms: integer(1, 86_400_000)
      .default(60_000)
      .describe("How long a client may take to send a request's body"),
    max_messages: integer(1, 1_000_000).default(10_000).describe('Messages of one request'),
    max_tools: integer(1, 100_000).default(1_024).describe('Tools of one request'),
    max_concurrent_requests: integer(1, 1_000_000)
      .default(20_000)
      .describe('Requests to models under way at the same time, streams among them'),
    max_concurrent_streams: integer(1, 1_000_000)
      .default(15_000)
      .describe('Of these, answers that are streams'),
    queue_length: integer(0, 100_000)
      .default(1_000)
      .describe('How many more may wait for a place; beyond, requests are refused with 503'),
    queue_timeout_ms: milliseconds()
      .default(10_000)
      .describe('How long a request may wait for a place; one that would take longer is refused'),
    shutdown_timeout_ms: milliseconds()
      .default(10_000)
      .describe('How long running requests may go on after SIGTERM'),
    drain_delay_ms: milliseconds()
      .default(0)
      .describe('How long after SIGTERM new requests are still taken, while /health says draining'),
    workers: z
      .union([integer(1, 256), z.literal('auto')], {
        error: 'it must be a whole number from 1 to 256, or auto',
      })
      .default(1)
      .describe('Processes that share the port, or auto: one for each processor'),
    first_token_timeout_ms: integer(1, 86_400_000)
      .default(120_000)
      .describe("How long a provider may take to a stream's first event"),
    answer_timeout_ms: integer(1, 86_400_000)
      .default(600_000)
      .describe('How long a provider may take to an answer that comes whole'),
    idle_timeout_ms: integer(1, 86_400_000)
      .default(120_000)
      .describe('How long a provider may be silent between two events, and a client read nothing'),
    drain_on_disconnect: choice(['cancel', 'drain'])
      .default('cancel')
      .describe(
        "When a client leaves: cancel the provider's call, or read it to its end for exact usage",
      ),
    drain_limit_ms: milliseconds().default(30_000).describe('The longest drain'),
    trusted_proxies: z
      .array(text(), { error: 'it must be a list of addresses' })
      .default([])
      .describe('Addresses (10.0.0.1, 10.0.0.0/8) whose x-forwarded-for says who asks'),
    tls: tlsSchema.optional(),
  }),
  auth: authSchema,
  storage: storageSchema,
  redis: redisSchema,
  vault: vaultSchema,
  telemetry: z.strictObject({
    log_level: choice(logLevels).default('info').describe('The least important lines to log'),
    otlp_endpoint: httpUrl()
      .optional()
      .describe("An OpenTelemetry collector's base address; tracing is off without it"),
    otlp_metrics_interval_ms: integer(1_000, 86_400_000)
      .optional()
      .describe('How often the collector is sent the metrics, too; without it they are not sent'),
    sample_ratio: ratio()
      .default(1)
      .describe('The share of traces that are kept, of those that callers do not decide about'),
    capture_content: flag()
      .default(false)
      .describe('Put prompts and answers into spans: whoever reads traces reads them'),
    service_name: text().default('zeke').describe('The name in traces and metrics'),
  }),
  rpc: rpcSchema,
  daemon: daemonSchema,
  assistant: assistantSchema,
  routing: z.strictObject({
    privacy: choice(['any', 'local_only'])
      .default('any')
      .describe('local_only: no provider is asked but those on this machine'),
    prefer_local_for: z
      .array(choice(intents))
      .default([])
      .describe('Requests of these intents stay with local candidates, where there are some'),
    retries: integer(0, 5)
      .default(0)
      .describe('How often candidates that have all failed are asked again, where it is worth it'),
    breaker_failures: integer(0, 10_000)
      .default(5)
      .describe('So many failures of a model at a provider, and it rests; 0: it never does'),
    breaker_window_ms: integer(1, 86_400_000)
      .default(60_000)
      .describe('The time in which they count'),
    breaker_open_ms: integer(1, 86_400_000).default(30_000).describe('How long it rests'),
    health_check_interval_ms: milliseconds()
      .default(60_000)
      .describe('How often providers that were not heard are asked if they are there; 0: never'),
    health_check_timeout_ms: integer(1, 86_400_000)
      .default(5_000)
      .describe('How long they may take to say so'),
  }),
  ledger: ledgerSchema,
  audit: auditSchema,
  content: contentSchema,
  budgets: z.strictObject({
    default_output_tokens: integer(1, 1_000_000)
      .default(4_096)
      .describe('Output that is held for in budgets where a caller gives no maximum'),
    unpriced: choice(['refuse', 'allow'])
      .default('refuse')
      .describe('Under a hard budget, what becomes of a request whose price is not known'),
    webhook_url: httpUrl().optional().describe('Where budgets that are passed are told, as JSON'),
    webhook_secret: secret()
      .optional()
      .describe('Signs what the webhook is sent, in the header x-zeke-signature'),
  }),
  limits: z.strictObject({
    enabled: flag().default(false).describe('Hold callers to the rates of their tiers'),
    default_tier: text()
      .default('free')
      .describe('The tier of keys that have none, and of each address that needs no key'),
    address_tier: text().optional().describe('The tier of each address, whatever keys it uses'),
    auth_failures_per_minute: integer(0, 1_000_000)
      .default(20)
      .describe('Wrong or missing keys of one address, before it is refused for a while; 0: any'),
    owners: map(text()).default({}).describe("Tiers of owners, that all of an owner's keys share"),
    users: map(text()).default({}).describe('Tiers of users, by id'),
    teams: map(text()).default({}).describe('Tiers of teams, by id'),
    models: map(text())
      .default({})
      .describe('Tiers of models, as provider/model or model, that all callers share'),
    tiers: map(tierSchema)
      .default({})
      .describe('Tables of tiers beside free, pro, enterprise and unlimited, or in their place'),
  }),
  cache: z.strictObject({
    enabled: flag().default(false).describe('Keep answers and give them to equal requests again'),
    max_mb: positive(65_536).default(64).describe('The memory that answers may take, in MiB'),
    ttl_s: integer(1, maxCacheSeconds).default(1_800).describe('How long an answer is kept'),
    model_ttl_s: map(integer(0, maxCacheSeconds))
      .default({})
      .describe('In its place for models, as provider/model or model, * for any text; 0: never'),
    scope: choice(['key', 'shared'])
      .default('key')
      .describe('Whether each key has answers of its own, or all share them'),
    max_temperature: temperature()
      .default(0)
      .describe('Requests with a higher one are not for the cache; one that is not given is 1'),
    max_size: integer(0, 1_000_000)
      .optional()
      .describe('In place of assistant.completion_cache_entries'),
    ttl: integer(1, maxCacheSeconds)
      .optional()
      .describe('In place of assistant.completion_cache_ttl_s'),
    semantic: semanticCacheSchema.prefault({}),
  }),
  mcp: mcpSchema,
} as const;

const commonProviderKeys = {
  base_url: httpUrl().optional().describe("API root, in place of the vendor's own"),
  models: list().optional().describe('The models to offer; else the provider is asked'),
  default_model: text().optional().describe('The model for callers who name the provider only'),
  headers: map(secret()).default({}).describe('Headers to send with every request'),
  send_trace_context: flag()
    .optional()
    .describe('Send traceparent and tracestate; else only providers of this machine get them'),
  health_check: flag()
    .optional()
    .describe('Ask it now and then if it is there; else only providers of this machine are asked'),
  priority: integer(-1000, 1000)
    .default(100)
    .describe('Where several providers have a model, the lowest wins'),
};

const keyName = z.string().regex(/^[\w.-]{1,64}$/, {
  error: 'a name is up to 64 letters, digits, ".", "_" and "-"',
});

const pool = {
  api_keys: z
    .record(keyName, secret(), { error: 'it must be a list of keys, or a table of names and keys' })
    .optional()
    .describe('Several keys in place of api_key, as a list or as a table with a name for each'),
  api_key_weights: z
    .record(keyName, positive(1_000), { error: 'it must be a table of names and numbers' })
    .optional()
    .describe('The share of requests of each of api_keys; 1 where there is none'),
};

const apiKey = { api_key: secret().optional().describe("The vendor's key"), ...pool };

/** The table of a provider, by its type. */
export const providerSchemas = {
  openai: provider('openai', {
    ...apiKey,
    organization: text().optional().describe('Sent as OpenAI-Organization'),
    project: text().optional().describe('Sent as OpenAI-Project'),
  }),
  anthropic: provider('anthropic', apiKey),
  azure: provider('azure', {
    ...apiKey,
    endpoint: httpUrl().describe('https://<resource>.openai.azure.com'),
    api_version: text().optional().describe('Sent as api-version'),
    deployments: map(text()).default({}).describe('Deployment by model name'),
    tenant_id: text().optional().describe('Entra tenant, in place of a key'),
    client_id: text().optional().describe('Entra application'),
    client_secret: secret().optional().describe("The Entra application's secret"),
  }),
  bedrock: provider('bedrock', {
    api_key: secret().optional().describe('A Bedrock API key, in place of signatures'),
    ...pool,
    region: text().optional().describe("AWS region; else the credential chain's"),
    profile: text().optional().describe('Profile of ~/.aws'),
    access_key_id: text().optional().describe('AWS access key; else the credential chain is asked'),
    secret_access_key: secret().optional().describe("The access key's secret"),
    session_token: secret().optional().describe('For temporary credentials'),
    endpoint: httpUrl().optional().describe("In place of the region's endpoint"),
  }),
  vertex: provider('vertex', {
    api_key: secret().optional().describe('A Vertex AI key (express mode)'),
    ...pool,
    project: text().optional().describe("Google Cloud project; else the credentials' own"),
    location: text().optional().describe('Region, or global'),
    credentials_file: text()
      .optional()
      .describe('Service account file; else the application default credentials'),
  }),
  gemini: provider('gemini', apiKey),
  xai: provider('xai', apiKey),
  ollama: provider('ollama', apiKey),
  compatible: provider('compatible', {
    ...apiKey,
    base_url: httpUrl().describe('API root, with /v1 where there is one'),
  }),
} as const satisfies Record<ProviderType, z.ZodObject>;

const sessionSource = /^(?:id|user|conversation|key|header:[a-z0-9!#$&'*+.^_`|~-]{1,100})$/;
const sessionSourceWords = 'id, user, conversation, key or header:NAME in small letters';

/** The table of an alias. */
export const modelSchema = z.strictObject({
  strategy: choice(strategyNames)
    .default('fallback')
    .describe('How candidates are chosen and asked: the guide to routing says what each does'),
  candidates: list().describe('Models as provider/model, or other aliases; at least one'),
  k: integer(1, 8)
    .optional()
    .describe('How many are asked at once: by race and speculate_k 2, by parallel_merge 3'),
  delay_ms: integer(1, 10_000)
    .optional()
    .describe('How long speculate_k waits before it asks the next; 150 for code, else 200'),
  weights: z
    .record(z.string(), positive(1_000_000))
    .optional()
    .describe('For weighted: the share of each candidate; 1 where there is none'),
  stickiness: choice(stickinessNames)
    .default('none')
    .describe(
      'session, turn: who answered goes on to answer, for the prompt cache of its provider',
    ),
  session_by: z
    .array(text().regex(sessionSource, `it must be ${sessionSourceWords}`), 'it must be a list')
    .min(1, 'the list is empty')
    .optional()
    .describe(
      `What the requests of a session have in common, the first that is there: ${sessionSourceWords}; else id, conversation`,
    ),
  merge: choice(mergeNames)
    .optional()
    .describe('For parallel_merge: how its answers become one; vote unless told otherwise'),
  judge: text().optional().describe('The model that is asked by merge = best and synthesize'),
  merge_wait_ms: integer(1, 86_400_000)
    .optional()
    .describe(
      'For parallel_merge: how long answers are waited for once one is there; else for all',
    ),
});

/** The table of a price, in USD for a million tokens. */
export const priceSchema = z.strictObject({
  input: price('tokens of the prompt'),
  output: price('tokens of the answer'),
  cached_input: price("prompt tokens read from the provider's cache"),
  cache_write_5m: price('prompt tokens cached for five minutes'),
  cache_write_1h: price('prompt tokens cached for an hour'),
  reasoning: price('reasoning tokens; else they cost what output costs'),
  audio_input: price('audio tokens of the prompt'),
  audio_output: price('audio tokens of the answer'),
  cached_audio_input: price("audio tokens read from the provider's cache"),
  image_input: price('image tokens of the prompt'),
  image_output: price('image tokens of the answer'),
});

/** The table of a project. */
export const projectSchema = z.strictObject({
  privacy: choice(['any', 'local_only'])
    .default('any')
    .describe('local_only: for its requests no provider is asked but those on this machine'),
});

/** The whole file. */
export const configSchema = z.strictObject({
  ...sections(),
  providers: z
    .record(
      z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, {
        error: 'a name is letters, digits, ".", "_" and "-"',
      }),
      z.discriminatedUnion('type', [
        providerSchemas.openai,
        providerSchemas.anthropic,
        providerSchemas.azure,
        providerSchemas.bedrock,
        providerSchemas.vertex,
        providerSchemas.gemini,
        providerSchemas.xai,
        providerSchemas.ollama,
        providerSchemas.compatible,
      ]),
    )
    .default({}),
  models: z.record(z.string(), modelSchema).default({}),
  prices: z.record(z.string(), priceSchema).default({}),
  guardrails: z.record(ruleName(), guardrailSchema).default({}),
  policies: z.record(ruleName(), policySchema).default({}),
  projects: z.record(z.string().min(1).max(100), projectSchema).default({}),
});

/** A valid file, still in snake case, with defaults filled in. */
export type ValidConfig = z.output<typeof configSchema>;

export type ValidProvider = ValidConfig['providers'][string];

/** A section that is not written at all has its defaults. */
function sections() {
  const { server, auth, storage, redis, vault, telemetry, routing } = sectionSchemas;
  const { rpc, daemon, assistant } = sectionSchemas;
  const { ledger, audit, content, budgets, limits, cache, mcp } = sectionSchemas;
  return {
    server: server.prefault({}),
    auth: auth.prefault({}),
    storage: storage.prefault({}),
    redis: redis.prefault({}),
    vault: vault.prefault({}),
    telemetry: telemetry.prefault({}),
    rpc: rpc.prefault({}),
    daemon: daemon.prefault({}),
    assistant: assistant.prefault({}),
    routing: routing.prefault({}),
    ledger: ledger.prefault({}),
    audit: audit.prefault({}),
    content: content.prefault({}),
    budgets: budgets.prefault({}),
    limits: limits.prefault({}),
    cache: cache.prefault({}),
    mcp: mcp.prefault({}),
  };
}

function provider<Type extends ProviderType, Shape extends z.ZodRawShape>(
  type: Type,
  shape: Shape,
) {
  const literal = z.literal(type).describe(`One of ${providerTypes.join(', ')}`);
  return z.strictObject({ type: literal, ...commonProviderKeys }).extend(shape);
}

/** Told in headers and logs. */
function ruleName() {
  return z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
    error: 'a name is at most 64 letters, digits, ".", "_" and "-"',
  });
}
