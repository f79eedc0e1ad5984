import { z } from 'zod';
import {
  countTokensRequestSchema as anthropicCount,
  messagesRequestSchema,
} from '../dialects/anthropic-messages/index.ts';
import {
  batchEmbedContentsRequestSchema,
  embedContentRequestSchema,
  countTokensRequestSchema as geminiCount,
  generateContentRequestSchema,
} from '../dialects/gemini/index.ts';
import {
  embeddingsRequest,
  embedRequest,
  generateRequest,
  chatRequest as ollamaChatRequest,
} from '../dialects/ollama/types.ts';
import { completionRequest } from '../dialects/openai-chat/completions.ts';
import { embeddingRequest } from '../dialects/openai-chat/embeddings.ts';
import { chatCompletionRequest } from '../dialects/openai-chat/types.ts';
import { requestSchema as responsesRequestSchema } from '../dialects/openai-responses/index.ts';
import { routingSchema } from '../routing/routing-request.ts';
import { hierarchyOperations } from './admin-operations.ts';
import {
  changeKeyRequest,
  createKeyRequest,
  rotateKeyRequest,
  usageQuery,
} from './endpoints/admin.ts';
import { resetLimitsRequest } from './endpoints/rate-limit.ts';
import type { Exchange } from './exchange.ts';
import type { Services } from './services.ts';

/** One endpoint as the document tells it. `**` in a route's path is `{model}` or `{path}` here. */
export interface Operation {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  path: string;
  tag: string;
  summary: string;
  body?: z.ZodType;
  query?: z.ZodObject;
  /** Bytes go through untouched, whatever they are. */
  raw?: boolean;
  open?: boolean;
}

const explainRequest = z.looseObject({
  model: z.string(),
  omen: routingSchema.optional(),
});

const operations: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/chat/completions',
    tag: 'OpenAI',
    summary: 'An answer to a conversation',
    body: chatCompletionRequest(),
  },
  {
    method: 'post',
    path: '/v1/completions',
    tag: 'OpenAI',
    summary: 'Text that goes on, or fills a gap',
    body: completionRequest(),
  },
  {
    method: 'post',
    path: '/v1/embeddings',
    tag: 'OpenAI',
    summary: 'Vectors of texts',
    body: embeddingRequest(),
  },
  {
    method: 'get',
    path: '/v1/models',
    tag: 'OpenAI',
    summary: "The models usable now; in Anthropic's shape with the header anthropic-version",
  },
  { method: 'get', path: '/v1/models/{model}', tag: 'OpenAI', summary: 'One model' },
  {
    method: 'post',
    path: '/v1/responses',
    tag: 'OpenAI',
    summary: 'An answer as a response object',
    body: responsesRequestSchema(),
  },
  { method: 'get', path: '/v1/responses/{id}', tag: 'OpenAI', summary: 'A kept response' },
  {
    method: 'delete',
    path: '/v1/responses/{id}',
    tag: 'OpenAI',
    summary: 'Forget a kept response',
  },
  {
    method: 'get',
    path: '/v1/responses/{id}/input_items',
    tag: 'OpenAI',
    summary: 'What was said to the model for a kept response',
    query: z.object({
      limit: z.int().min(1).max(100).describe('Items a page, 20 unless told otherwise'),
      order: z.enum(['asc', 'desc']).describe('desc unless told otherwise'),
      after: z.string().describe('The id of the last item of the page before'),
    }),
  },
  {
    method: 'post',
    path: '/v1/messages',
    tag: 'Anthropic',
    summary: 'An answer to a conversation',
    body: messagesRequestSchema(),
  },
  {
    method: 'post',
    path: '/v1/messages/count_tokens',
    tag: 'Anthropic',
    summary: 'How many tokens a request has',
    body: anthropicCount(),
  },
  { method: 'get', path: '/v1beta/models', tag: 'Gemini', summary: 'The models usable now' },
  { method: 'get', path: '/v1beta/models/{model}', tag: 'Gemini', summary: 'One model' },
  {
    method: 'post',
    path: '/v1beta/models/{model}:generateContent',
    tag: 'Gemini',
    summary: 'An answer to a conversation',
    body: generateContentRequestSchema(),
  },
  {
    method: 'post',
    path: '/v1beta/models/{model}:streamGenerateContent',
    tag: 'Gemini',
    summary: 'An answer as a stream; alt=sse for server-sent events',
    body: generateContentRequestSchema(),
  },
  {
    method: 'post',
    path: '/v1beta/models/{model}:countTokens',
    tag: 'Gemini',
    summary: 'How many tokens a request has',
    body: geminiCount(),
  },
  {
    method: 'post',
    path: '/v1beta/models/{model}:embedContent',
    tag: 'Gemini',
    summary: 'The vector of a text',
    body: embedContentRequestSchema(),
  },
  {
    method: 'post',
    path: '/v1beta/models/{model}:batchEmbedContents',
    tag: 'Gemini',
    summary: 'Vectors of texts',
    body: batchEmbedContentsRequestSchema(),
  },
  {
    method: 'post',
    path: '/api/chat',
    tag: 'Ollama',
    summary: 'An answer to a conversation',
    body: ollamaChatRequest(),
  },
  {
    method: 'post',
    path: '/api/generate',
    tag: 'Ollama',
    summary: 'An answer to a prompt, or text for a gap',
    body: generateRequest(),
  },
  {
    method: 'post',
    path: '/api/embed',
    tag: 'Ollama',
    summary: 'Vectors of texts',
    body: embedRequest(),
  },
  {
    method: 'post',
    path: '/api/embeddings',
    tag: 'Ollama',
    summary: 'The vector of a text',
    body: embeddingsRequest(),
  },
  { method: 'get', path: '/api/tags', tag: 'Ollama', summary: 'The models usable now' },
  {
    method: 'get',
    path: '/api/ps',
    tag: 'Ollama',
    summary: 'The models that an Ollama has loaded',
  },
  {
    method: 'post',
    path: '/api/show',
    tag: 'Ollama',
    summary: 'One model',
    body: z.looseObject({ model: z.string() }),
  },
  {
    method: 'get',
    path: '/api/version',
    tag: 'Ollama',
    summary: 'The version of Ollama whose API this is',
  },
  {
    method: 'post',
    path: '/v1/images/{path}',
    tag: 'Pass-through',
    summary: 'Pictures',
    raw: true,
  },
  {
    method: 'post',
    path: '/v1/audio/{path}',
    tag: 'Pass-through',
    summary: 'Speech and transcription',
    raw: true,
  },
  {
    method: 'get',
    path: '/v1/files',
    tag: 'Pass-through',
    summary: 'Files at the provider',
    raw: true,
  },
  { method: 'post', path: '/v1/files', tag: 'Pass-through', summary: 'Upload a file', raw: true },
  {
    method: 'get',
    path: '/v1/files/{path}',
    tag: 'Pass-through',
    summary: 'A file or its content',
    raw: true,
  },
  {
    method: 'delete',
    path: '/v1/files/{path}',
    tag: 'Pass-through',
    summary: 'Delete a file',
    raw: true,
  },
  {
    method: 'get',
    path: '/v1/batches',
    tag: 'Pass-through',
    summary: 'Batches at the provider',
    raw: true,
  },
  { method: 'post', path: '/v1/batches', tag: 'Pass-through', summary: 'Start a batch', raw: true },
  { method: 'get', path: '/v1/batches/{path}', tag: 'Pass-through', summary: 'A batch', raw: true },
  {
    method: 'post',
    path: '/v1/batches/{id}/cancel',
    tag: 'Pass-through',
    summary: 'Cancel a batch',
    raw: true,
  },
  {
    method: 'post',
    path: '/v1/moderations',
    tag: 'Pass-through',
    summary: 'Whether content is harmful',
    raw: true,
  },
  {
    method: 'post',
    path: '/v1/rerank',
    tag: 'Pass-through',
    summary: 'Documents in order of relevance',
    raw: true,
  },
  ...(['get', 'post', 'put', 'patch', 'delete'] as const).map((method) => ({
    method,
    path: '/providers/{name}/{path}',
    tag: 'Pass-through',
    summary: 'Any path of one provider',
    raw: true,
  })),
  {
    method: 'get',
    path: '/health',
    tag: 'Own',
    summary: 'Whether the process answers',
    open: true,
  },
  { method: 'get', path: '/ready', tag: 'Own', summary: 'Whether it can do its work', open: true },
  { method: 'get', path: '/openapi.json', tag: 'Own', summary: 'This document', open: true },
  { method: 'get', path: '/status', tag: 'Own', summary: 'What runs here' },
  { method: 'get', path: '/metrics', tag: 'Own', summary: 'Prometheus metrics' },
  {
    method: 'get',
    path: '/cache/stats',
    tag: 'Own',
    summary: 'What the cache of answers holds and has done',
  },
  { method: 'post', path: '/cache/clear', tag: 'Own', summary: 'Forget all cached answers' },
  {
    method: 'get',
    path: '/rate-limit/status',
    tag: 'Own',
    summary: "What is left of the caller's limits",
  },
  {
    method: 'post',
    path: '/admin/limits/reset',
    tag: 'Admin',
    summary: 'Give one that is limited all its requests and tokens again',
    body: resetLimitsRequest,
  },
  { method: 'get', path: '/admin/keys', tag: 'Admin', summary: 'All keys' },
  {
    method: 'post',
    path: '/admin/keys',
    tag: 'Admin',
    summary: 'Make a key; its secret is shown this once',
    body: createKeyRequest,
  },
  {
    method: 'patch',
    path: '/admin/keys/{id}',
    tag: 'Admin',
    summary: 'Give a key another tier',
    body: changeKeyRequest,
  },
  {
    method: 'post',
    path: '/admin/keys/{id}/rotate',
    tag: 'Admin',
    summary: 'Give a key a new secret; the one before works for a while beside it',
    body: rotateKeyRequest,
  },
  { method: 'delete', path: '/admin/keys/{id}', tag: 'Admin', summary: 'Revoke a key' },
  {
    method: 'get',
    path: '/admin/usage',
    tag: 'Admin',
    summary: 'Tokens and cost from the ledger',
    query: usageQuery,
  },
  {
    method: 'get',
    path: '/admin/providers',
    tag: 'Admin',
    summary: 'The providers, each asked whether it works',
  },
  {
    method: 'post',
    path: '/oauth/token',
    tag: 'Own',
    summary: 'An access token for a key (RFC 6749, client credentials)',
    open: true,
  },
  {
    method: 'get',
    path: '/auth/login',
    tag: 'Own',
    summary: 'Log in at the provider of auth.oidc, in a browser',
    open: true,
  },
  {
    method: 'get',
    path: '/auth/callback',
    tag: 'Own',
    summary: 'Where the provider of auth.oidc sends a browser back to',
    open: true,
  },
  {
    method: 'get',
    path: '/oauth/authorize',
    tag: 'Own',
    summary: 'Log in for a command line on this machine (RFC 8252)',
    open: true,
  },
  { method: 'get', path: '/auth/whoami', tag: 'Own', summary: 'What is known of who asks' },
  { method: 'post', path: '/auth/logout', tag: 'Own', summary: 'End the login that is sent' },
  {
    method: 'get',
    path: '/.well-known/oauth-authorization-server',
    tag: 'Own',
    summary: 'What the token endpoint takes (RFC 8414)',
    open: true,
  },
  { method: 'get', path: '/omen/providers', tag: 'Routing', summary: 'The providers' },
  {
    method: 'get',
    path: '/omen/providers/scores',
    tag: 'Routing',
    summary: 'What models have shown lately: speed, failures, load',
  },
  {
    method: 'get',
    path: '/omen/providers/{id}/health',
    tag: 'Routing',
    summary: 'Whether a provider answers now',
  },
  {
    method: 'post',
    path: '/omen/explain',
    tag: 'Routing',
    summary: 'Which plan a request would get, and why; nobody is asked',
    body: explainRequest,
  },
  ...hierarchyOperations,
];

let document: string | undefined;

/** `GET /openapi.json`: OpenAPI 3.1, made from the schemas that validate. */
export function openApiDocument(services: Services, _exchange: Exchange): Response {
  document ??= JSON.stringify(describe(services.version));
  return new Response(document, { headers: { 'content-type': 'application/json' } });
}

/** The document as an object. */
export function describe(version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of operations) {
    const path = paths[operation.path] ?? {};
    paths[operation.path] = path;
    path[operation.method] = describeOperation(operation);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'zeke gateway', version, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/' }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
      },
    },
    security: [{ bearer: [] }, { apiKey: [] }, {}],
  };
}

function describeOperation(operation: Operation): Record<string, unknown> {
  const { path, query, summary, tag } = operation;
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const inQuery = Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: false,
    schema: jsonSchema(schema as z.ZodType),
  }));
  const content = requestContent(operation);
  return {
    summary,
    tags: [tag],
    operationId: `${operation.method}${path.replaceAll(/[^A-Za-z0-9]+(.)?/g, (_, next: string | undefined) => (next ?? '').toUpperCase())}`,
    ...(operation.open ? { security: [] } : {}),
    ...(inPath.length + inQuery.length > 0 ? { parameters: [...inPath, ...inQuery] } : {}),
    ...(content ? { requestBody: { required: !operation.raw, content } } : {}),
    responses: {
      200: { description: 'Done' },
      ...(operation.open ? {} : { 401: { description: 'The API key is missing or not valid' } }),
      default: { description: "An error in the endpoint's dialect" },
    },
  };
}

function requestContent({ body, method, raw }: Operation): Record<string, unknown> | undefined {
  if (body) return { 'application/json': { schema: jsonSchema(body) } };
  return raw && method !== 'get' && method !== 'delete' ? { '*/*': {} } : undefined;
}

/** Schemas that turn values into others are told as what they take. */
function jsonSchema(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
  });
  return json;
}
