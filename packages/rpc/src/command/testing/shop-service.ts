import { join } from 'node:path';
import { create, createFileRegistry, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { errorInfo } from '../../codec/error-details.ts';
import type { MethodInfo, ServiceType } from '../../core/method.ts';
import { type CallContext, createServer, type Server } from '../../core/server.ts';
import { codes, RpcError } from '../../rpc-error.ts';
import { compileProtos } from '../../schema/compile-protos.ts';
import { addReflection } from '../../services/reflection/reflection-server.ts';
import { methodInfoOf } from '../schema/find-symbol.ts';

/** Of `shop/v1/orders.proto`. */
export const shopFolder: string = join(import.meta.dirname, '../fixtures');
export const shopProto: string = join(shopFolder, 'shop/v1/orders.proto');

const { files } = compileProtos({ files: ['shop/v1/orders.proto'], importPaths: [shopFolder] });
const set = create(FileDescriptorSetSchema, { file: [...files] });

/** With comments. */
export const shopDescriptorSet: Uint8Array = toBinary(FileDescriptorSetSchema, set);
const registry = createFileRegistry(set);

/** The service of a name in the file, with messages that come at run time. */
export function shopService(name: string): ServiceType {
  const service = registry.getService(name);
  if (service === undefined) throw new Error(`no service ${name}`);
  const methods: Record<string, MethodInfo> = {};
  for (const method of service.methods) methods[method.localName] = methodInfoOf(method);
  return { typeName: name, methods, descriptorSet: () => shopDescriptorSet };
}

interface Order {
  id: bigint;
  customerName: string;
}

/** What a server of the shop has seen of its calls. */
export interface ShopRecord {
  /** Resolves with the next order that is asked for. */
  nextOrder(): Promise<void>;
  /** Resolves with the path of the next call that is cancelled. */
  nextCancel(): Promise<string>;
}

/** A server of the shop, with reflection unless told otherwise. */
export function shopServer(options: { readonly reflection?: boolean } = {}): Server & {
  readonly record: ShopRecord;
} {
  const orders = new Waiters<void>();
  const cancels = new Waiters<string>();
  const server = createServer()
    .add(shopService('shop.v1.Orders'), ordersHandlers(orders, cancels))
    .add(shopService('shop.v1.Stock'), {});
  if (options.reflection ?? true) addReflection(server);
  return Object.assign(server, {
    record: { nextOrder: () => orders.next(), nextCancel: () => cancels.next() },
  });
}

/** Those who wait for something to happen. */
class Waiters<T> {
  #resolvers: ((value: T) => void)[] = [];

  next(): Promise<T> {
    return new Promise((resolve) => this.#resolvers.push(resolve));
  }

  tell(value: T): void {
    const resolvers = this.#resolvers;
    this.#resolvers = [];
    for (const resolve of resolvers) resolve(value);
  }
}

function ordersHandlers(orders: Waiters<void>, cancels: Waiters<string>): object {
  const onCancel = ({ signal, method }: CallContext): void =>
    signal.addEventListener('abort', () => cancels.tell(method.path));
  return {
    async getOrder({ id }: { id: bigint }, context: CallContext) {
      orders.tell();
      context.sendHeader({ 'x-served-by': 'shop', 'x-raw-bin': new Uint8Array([1, 2, 255]) });
      context.trailer.append('x-cost', '7');
      if (id === 404n) throw new RpcError('not_found', 'there is no order 404');
      if (id === 0n) {
        onCancel(context);
        await new Promise((_, reject) =>
          context.signal.addEventListener('abort', () => reject(context.signal.reason)),
        );
      }
      const customerName = context.metadata.get('x-customer') ?? 'Ada';
      return { id, customerName, status: 1, labels: { a: '1' }, attachment: gift(id) };
    },
    async *listOrders(
      { pageSize, wait }: { pageSize: number; wait: boolean },
      context: CallContext,
    ) {
      onCancel(context);
      for (let id = 1; id <= pageSize; id++) yield { id: BigInt(id) };
      if (!wait) return;
      await new Promise((_, reject) =>
        context.signal.addEventListener('abort', () => reject(context.signal.reason)),
      );
    },
    async importOrders(orders: AsyncIterable<Order>, context: CallContext) {
      onCancel(context);
      let count = 0;
      let lastId = 0n;
      for await (const { id } of orders) {
        count++;
        lastId = id;
      }
      return { orders: count, lastId };
    },
    async *negotiate(orders: AsyncIterable<Order>, context: CallContext) {
      onCancel(context);
      for await (const { id, customerName } of orders) {
        yield { id, customerName: `${customerName}!` };
      }
    },
    fail({ code, message }: { code: number; message: string }) {
      const unknown = { type: 'shop.v1.Secret', value: new Uint8Array([8, 1]) };
      const known = { type: 'shop.v1.Gift', value: new Uint8Array([10, 3, 114, 101, 100]) };
      throw new RpcError(codes[code - 1] ?? 'unknown', message, {
        details: [errorInfo({ reason: 'TOLD', domain: 'shop' }), known, unknown],
      });
    },
  };
}

/** An Any: of a type that no method names, of one that nobody knows, or none. */
function gift(id: bigint): object | undefined {
  const value = new Uint8Array([10, 3, 114, 101, 100]);
  if (id === 1n) return { typeUrl: 'type.googleapis.com/shop.v1.Gift', value };
  return id === 2n ? { typeUrl: 'type.googleapis.com/shop.v1.Secret', value } : undefined;
}
