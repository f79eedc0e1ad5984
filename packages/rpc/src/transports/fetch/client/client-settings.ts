import type { TypeRegistry } from '../../../codec/type-registry.ts';
import type { CompressorLookup } from '../../../compression/compressor.ts';
import type { RpcLimits } from '../../../core/limits.ts';
import type { WireFormat } from '../wire/content-type.ts';
import type { RequestStreams } from './request-streams.ts';

/** What `fetch` is, as far as it is used. */
export type FetchFunction = (url: string, init: RequestInit) => Promise<Response>;

/** How calls go over HTTP. */
export type FetchProtocol = 'connect' | 'grpc-web' | 'grpc-web-text';

/** What all calls of a client share. */
export interface ClientSettings {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly protocol: FetchProtocol;
  readonly format: WireFormat;
  readonly fetch: FetchFunction;
  readonly init: Readonly<Record<string, unknown>>;
  readonly limits: RpcLimits;
  readonly registry: TypeRegistry | undefined;
  readonly compressor: CompressorLookup;
  readonly useGet: boolean;
  readonly requestStreams: RequestStreams;
  /** Told of each call that is over. */
  readonly onCallEnd: (call: object) => void;
}
