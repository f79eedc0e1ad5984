import type { HttpAnswer } from '@zeke/foundation/http-client';
import type { JsonObject } from '../dialects/dialect.ts';
import type { DialectName } from '../neutral/dialect-name.ts';

/** What a request asks a provider to do. It decides endpoint and body shape, with the dialect. */
export type OperationKind = 'chat' | 'completions' | 'embeddings' | 'count-tokens' | 'fim';

export interface Operation {
  kind: OperationKind;
  dialect: DialectName;
  /** The provider's own name of the model. */
  model: string;
  stream: boolean;
  /** Headers of the caller that belong to the dialect and go along: `anthropic-beta`. */
  forwardHeaders?: Readonly<Record<string, string>>;
}

/** A request ready to be sent: authenticated, its body final. */
export interface OutboundRequest {
  url: string;
  method: string;
  headers: Record<string, string>;
  body: string | Uint8Array | undefined;
  /**
   * For credentials that may be replaced: the same request with fresh ones, asked for once after the
   * vendor has refused these (401, 403, or a 400 that says so). Undefined when others would not help.
   */
  renew?: (refusal: Refused, signal: AbortSignal) => Promise<OutboundRequest | undefined>;
}

/** What is known of a refusal before its body is read. */
export type Refused = Pick<HttpAnswer, 'status' | 'headers'>;

/** A request that no dialect knows, to be passed on. */
interface RawRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: Uint8Array;
  /** The provider's own name of the model that the body names, where it names one. */
  model?: string;
}

export interface ProviderModel {
  /** The provider's own name, without the name of the configuration's entry. */
  id: string;
  displayName?: string;
  createdAtMs?: number;
  ownedBy?: string;
  contextTokens?: number;
  maxOutputTokens?: number;
  /** Absent where the provider does not say. */
  kinds?: ('chat' | 'embeddings' | 'image' | 'audio')[];
  /** What a chat model is known to do beside answering texts; that others don't is not said. */
  abilities?: ModelAbility[];
  /** What an Ollama says of it in `/api/tags`, as it came. */
  tag?: JsonObject;
}

/**
 * In Ollama's words: it calls tools, reads images, thinks before it answers, fills in the middle; and
 * `structured`: its answer follows a JSON schema.
 */
export type ModelAbility = 'tools' | 'vision' | 'thinking' | 'insert' | 'structured';

/** How a provider's models are priced: nothing at all, or as one vendor of the catalogue prices them. */
export type ProviderPricing =
  | { kind: 'free' }
  | { kind: 'vendor'; ids: readonly string[] }
  /** A vendor found by the address of its API. */
  | { kind: 'address'; url: string };

/** One of several keys of a provider, as people may see it. */
export interface AccountName {
  /** As the configuration calls it. */
  readonly label: string;
  /** The beginning of its hash: another after the key was replaced. */
  readonly fingerprint: string;
}

/** One of several keys of a provider. */
export interface ProviderAccount extends AccountName {
  /** Its share of the requests. */
  readonly weight: number;
  /** The provider, with this key. */
  readonly provider: Provider;
}

/**
 * One configured account of one vendor: endpoint, authentication, dialects, capabilities. A new
 * kind is one file and one line in `providers/index.ts`.
 */
export interface Provider {
  /** The name of its table in the configuration, and so in `provider/model`. */
  readonly name: string;
  readonly type: string;
  /** Dialects its chat endpoints speak, the best first; a caller's own is taken when it is here. */
  readonly dialects: readonly [DialectName, ...DialectName[]];
  /** For vendors whose models speak different dialects: those of one model, in place of `dialects`. */
  dialectsOf?(model: string): readonly [DialectName, ...DialectName[]];
  /** In what its dialect differs, for `EncodeRequestContext.quirks`. */
  readonly quirks: Readonly<Record<string, boolean | number | string>>;
  /** True when it runs on this machine or network and costs nothing by the token. */
  readonly local: boolean;
  /** True when it is told which trace a request belongs to. */
  readonly sendsTraceContext?: boolean;
  /** Where it has several keys: each of them. Such a provider is asked by one of these. */
  readonly accounts?: readonly ProviderAccount[];
  /** Of a provider with one of several keys: which it is. */
  readonly account?: AccountName;
  /** Where its prices stand in the catalogue; absent where it has none. */
  readonly pricing?: ProviderPricing;
  /** True when streams carry usage only where `stream_options.include_usage` asks for it. */
  readonly streamUsageOnRequest: boolean;
  /** The name that stands in a request's body, where it is not the model's own (Azure's deployments). */
  wireModel?(model: string): string;
  /** Which operations beside chat it has natively, and in which dialect. */
  supports(kind: OperationKind, dialect: DialectName): boolean;
  /**
   * Where and how to send. `body` is the encoded JSON, or the caller's bytes with the model name
   * already replaced. Synchronous where no token has to be fetched.
   * Throws `unauthenticated` when credentials are missing or refused.
   */
  prepare(
    operation: Operation,
    body: string | Uint8Array,
    signal: AbortSignal,
  ): OutboundRequest | Promise<OutboundRequest>;
  /** Last changes to a body that goes to this vendor; the same object may come back. */
  adaptBody?(operation: Operation, body: JsonObject): JsonObject;
  /**
   * For pass-through of endpoints that no dialect knows: `path` begins with `/` and is relative to
   * the vendor's API root (`/v1/images/generations` → `/images/generations` for OpenAI).
   */
  prepareRaw(request: RawRequest, signal: AbortSignal): OutboundRequest | Promise<OutboundRequest>;
  /** The models usable now. Throws RpcError when the provider does not answer. */
  listModels(signal: AbortSignal): Promise<ProviderModel[]>;
  /** Where the configuration names the models, and `listModels` asks nobody: asks all the same. */
  askModels?(signal: AbortSignal): Promise<ProviderModel[]>;
}

export interface ProviderDependencies {
  fetch: typeof fetch;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Looks an environment variable up; credential chains read AWS and Google ones. */
  environment: (name: string) => string | undefined;
  /** Reads a small text file, for credential files; undefined when it is not there. */
  readFile: (path: string) => Promise<string | undefined>;
}
