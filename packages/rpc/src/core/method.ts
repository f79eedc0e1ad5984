import type { MessageType } from '../codec/message-type.ts';

export type MethodKind = 'unary' | 'client-stream' | 'server-stream' | 'bidi-stream';

/**
 * Whether a method may be sent twice: `google.protobuf.MethodOptions.idempotency_level`.
 * `no-side-effects` may also be cached, sent as GET or in the first flight of a resumed handshake.
 */
export type Idempotency = 'unknown' | 'no-side-effects' | 'idempotent';

/** One method of a service, as the generator writes it. */
export interface MethodInfo {
  /** As it goes over the wire: `/package.Service/Method`. */
  readonly path: string;
  /** As the `.proto` spells it: `Method`. */
  readonly name: string;
  readonly kind: MethodKind;
  readonly idempotency: Idempotency;
  readonly input: MessageType;
  readonly output: MessageType;
  readonly deprecated?: boolean;
  /** The method's custom options by full name of the extension, in their JSON form. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/**
 * A service, as the generator writes it. `Client` and `Handlers` are the interfaces of the same
 * name; they exist in the types only. `methods` is keyed by the names in those interfaces.
 */
export interface ServiceType<Client = unknown, Handlers = unknown> {
  /** `package.Service` */
  readonly typeName: string;
  readonly methods: Readonly<Record<string, MethodInfo>>;
  /**
   * The `google.protobuf.FileDescriptorSet` of the file and all it imports, for reflection. The files
   * of `google/protobuf/` may be missing in it.
   */
  readonly descriptorSet?: () => Uint8Array;
  /** Never set: carries the two types. */
  readonly types?: { readonly client: Client; readonly handlers: Handlers };
}
