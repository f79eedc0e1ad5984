import type { TypeRegistry } from '../../../codec/type-registry.ts';
import type { Compressor, CompressorLookup } from '../../../compression/compressor.ts';
import type { CallHandler, Peer } from '../../../core/call.ts';
import type { RpcLimits } from '../../../core/limits.ts';
import type { Metadata } from '../../../core/metadata.ts';
import type { MethodInfo } from '../../../core/method.ts';
import type { WireContent } from '../wire/content-type.ts';
import type { CallTable } from './call-table.ts';

/** Is told which requests are calls, for as long as they are. */
export interface RequestWatcher {
  onCallBegin(request: Request): void;
  /** Before the last bytes of the response are sent. */
  onCallEnd(request: Request): void;
}

/** What all calls of a handler share. */
export interface ServerSettings {
  readonly handler: CallHandler;
  readonly methods: (path: string) => MethodInfo | undefined;
  readonly limits: RpcLimits;
  readonly registry: TypeRegistry | undefined;
  readonly table: CallTable;
  /** For what clients send. */
  readonly compressors: CompressorLookup;
  /** For what is sent to clients that take it, the preferred one first. */
  readonly offered: readonly Compressor[];
  readonly watcher: RequestWatcher | undefined;
}

/** One request, read so far that a call can be made of it. */
export interface Exchange {
  readonly settings: ServerSettings;
  readonly request: Request;
  /** The query of a GET. */
  readonly query: URLSearchParams | undefined;
  readonly peer: Peer;
  readonly path: string;
  readonly content: WireContent;
  /** Of a path that nobody serves, or of a server that serves whatever comes: undefined. */
  readonly method: MethodInfo | undefined;
  readonly metadata: Metadata;
  /** As in `ServerCall`. */
  readonly deadlineAt: number;
  /** How the messages of the request are compressed. */
  readonly requestCompressor: Compressor | undefined;
  /** How those of the response may be. */
  readonly responseCompressor: Compressor | undefined;
}
