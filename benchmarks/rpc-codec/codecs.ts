import { createFileRegistry, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { decodeMessage, encodeMessage } from '@zeke/rpc';
import { Root } from 'protobufjs';
import protobufjsVersion from 'protobufjs/package.json' with { type: 'json' };
import 'protobufjs/ext/descriptor.js';
import { Address, Order, Orders } from './gen/order_pb.ts';

/** One way to encode and to decode the same message. */
export interface Codec {
  readonly name: string;
  /** Own bytes of the message. */
  readonly encode: () => Uint8Array;
  /** Reads the bytes and answers a field of the message. */
  readonly decode: () => number;
}

const address: Address = Address.create({
  street: '12 St James’s Square',
  city: 'London',
  country: 'GB',
  zip: 75_001,
});

const order: Order = Order.create({
  id: 'ord_01HZX3V9Q8TB',
  customer: 'Ada Lovelace',
  createdAtMs: 1_795_000_000_000n,
  quantity: 12,
  price: 249.95,
  express: true,
  priority: -3,
  tags: ['gift', 'fragile', 'priority'],
  address,
  signature: new Uint8Array(68).fill(7),
  sizes: [1, 2, 300, 40_000],
});

/** What all of them must make. */
export const messageBytes: Uint8Array = encodeMessage(Order, order);

const descriptors = Orders.descriptorSet?.() ?? new Uint8Array(0);

/** zrpc first. */
export const codecs: readonly Codec[] = [zrpc(), protobufEs(), protobufjs()];

function zrpc(): Codec {
  return {
    name: 'zrpc',
    encode: () => encodeMessage(Order, order),
    decode: () => decodeMessage(Order, messageBytes).quantity,
  };
}

function protobufEs(): Codec {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptors));
  const desc = registry.getMessage(Order.typeName);
  if (desc === undefined) throw new Error('the descriptors have no Order');
  const message = fromBinary(desc, messageBytes);
  return {
    name: 'protobuf-es 2.17.0',
    encode: () => toBinary(desc, message),
    decode: () => (fromBinary(desc, messageBytes) as Message & { quantity: number }).quantity,
  };
}

function protobufjs(): Codec {
  const type = Root.fromDescriptor(descriptors).lookupType(Order.typeName);
  const message = type.decode(messageBytes);
  return {
    name: `protobufjs ${protobufjsVersion.version}`,
    encode: () => type.encode(message).finish(),
    decode: () => (type.decode(messageBytes) as unknown as { quantity: number }).quantity,
  };
}
