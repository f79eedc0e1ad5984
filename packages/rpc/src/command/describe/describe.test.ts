import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { dynamicMessageType } from '../../codec/dynamic.ts';
import type { Listener } from '../../core/call.ts';
import { listenHttp2 } from '../../transports/http2/listen-http2.ts';
import { fileSchema } from '../schema/file-schema.ts';
import { runZrpc } from '../testing/run-zrpc.ts';
import { shopProto, shopServer } from '../testing/shop-service.ts';
import { exampleMessage } from './example-message.ts';

let listener: Listener;
let grpc: string;

beforeAll(async () => {
  const { handler } = shopServer();
  listener = await listenHttp2({ host: '127.0.0.1', port: 0, handler });
  grpc = listener.address.replace('http', 'grpc');
});

afterAll(() => listener.close({ graceMs: 0 }));

async function output(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runZrpc(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

describe('list', () => {
  test('services and methods, by reflection and of files', async () => {
    expect(await output('list', grpc)).toBe(`grpc.reflection.v1.ServerReflection
grpc.reflection.v1alpha.ServerReflection
shop.v1.Orders
shop.v1.Stock
`);
    expect(await output('list', grpc, 'Stock')).toBe('shop.v1.Stock/Count\n');
    expect(await output('list', '--proto', shopProto)).toBe('shop.v1.Orders\nshop.v1.Stock\n');
  });

  test('as JSON', async () => {
    const stock = {
      name: 'shop.v1.Stock',
      methods: [
        {
          name: 'Count',
          path: '/shop.v1.Stock/Count',
          kind: 'unary',
          input: 'shop.v1.CountRequest',
          output: 'shop.v1.ImportSummary',
        },
      ],
    };
    expect(JSON.parse(await output('list', grpc, 'Stock', '--json'))).toEqual(stock);
    const { services } = JSON.parse(await output('list', '--json', '--proto', shopProto));
    expect(services).toEqual([expect.objectContaining({ name: 'shop.v1.Orders' }), stock]);
    expect(services[0].methods.at(-1)).toMatchObject({ kind: 'unary', deprecated: true });
  });

  test('what is misspelt gets the nearest name', async () => {
    const { code, stderr } = await runZrpc(['list', grpc, 'Stok']);
    expect(code).toBe(5);
    expect(stderr).toContain('did you mean shop.v1.Stock?');
  });
});

describe('describe', () => {
  test('a method with its messages, and their comments', async () => {
    const text = `// Finds an order by its id.
rpc GetOrder(shop.v1.GetOrderRequest) returns (shop.v1.Order) {
  option idempotency_level = NO_SIDE_EFFECTS;
}

message shop.v1.GetOrderRequest {
  // Above 0.
  int64 id = 1;
}

// An order.
message shop.v1.Order {
  int64 id = 1;
  string customer_name = 2;
  shop.v1.Status status = 3;
  repeated shop.v1.Order.Line lines = 4;
  map<string, string> labels = 5;
  google.protobuf.Timestamp created_at = 6;
  google.protobuf.Duration took = 7;
  // How it is paid.
  oneof payment {
    string card_token = 8;
    shop.v1.Invoice invoice = 9;
  }
  optional double discount = 10;
  bytes signature = 11;
  google.protobuf.Any attachment = 12;
  reserved 100 to 110, 200;
  reserved "old_name";

  message Line {
    string sku = 1;
    uint32 count = 2; // At least 1.
    shop.v1.Order replaces = 3;
  }
}
`;
    expect(await output('describe', grpc, 'Orders/getOrder')).toBe(text);
    expect(await output('describe', 'Orders.GetOrder', '--proto', shopProto)).toBe(text);
  });

  test('a service, an enum, an empty message', async () => {
    expect(
      await output('describe', grpc, 'shop.v1.Stock'),
    ).toBe(`// Has a name that is like the other's.
service shop.v1.Stock {
  rpc Count(shop.v1.CountRequest) returns (shop.v1.ImportSummary);
}
`);
    const status = `enum shop.v1.Status {
  STATUS_UNSPECIFIED = 0;
  STATUS_OPEN = 1;
  // On its way.
  STATUS_SENT = 2;
  STATUS_LOST = 3 [deprecated = true];
}
`;
    for (const name of ['Status', 'shop.v1.Status', 'Status.STATUS_SENT']) {
      expect(await output('describe', grpc, name)).toBe(status);
    }
    expect(await output('describe', grpc, 'CountRequest')).toBe(
      'message shop.v1.CountRequest {}\n',
    );
  });

  test('all services where nothing is named', async () => {
    const text = await output('describe', '--proto', shopProto);
    expect(text).toMatch(
      /^\/\/ Takes orders\.\n\/\/\n\/\/ It keeps none[\s\S]*service shop\.v1\.Stock/,
    );
  });

  test('proto2, editions, groups and custom options', async () => {
    const corpus = join(import.meta.dirname, '../../schema/fixtures/corpus');
    const of = (file: string, name: string): Promise<string> =>
      output('describe', '-I', corpus, '--proto', file, name);
    const holder = await of('acme/legacy/legacy.proto', 'Holder');
    expect(holder).toContain('  required string key = 1;\n');
    expect(holder).toContain('  optional group acme.legacy.nested.Holder.Result result = 2;\n');
    expect(holder).toContain('  optional string s1 = 41 [default = "a\\tb\\"c\\"é"];\n');
    const presence = await of('acme/editions/base.proto', 'Presence');
    expect(presence).toContain(
      '  string with_default = 4 [default = "d", features.field_presence = EXPLICIT];\n',
    );
    expect(presence).toContain('  extensions 100 to 200;\n');
    const service = await of('acme/library/library.proto', 'LibraryService');
    expect(service).toContain('  option (acme.options.host) = "library.example.com";\n');
    expect(service).toContain('    option (acme.options.http) = { get: "/v1/{name=');
    expect(await of('acme/options/annotations.proto', 'field_everything')).toBe(
      'extend google.protobuf.FieldOptions {\n  acme.options.Everything field_everything = 51012;\n}\n',
    );
  });

  test('nothing of this name, several of this name, no services', async () => {
    const missing = await runZrpc(['describe', grpc, 'Ordr']);
    expect(missing.code).toBe(5);
    expect(missing.stderr).toContain('has nothing called Ordr: did you mean shop.v1.Order');
    const several = await runZrpc(['describe', grpc, 'ServerReflection']);
    expect(several.code).toBe(3);
    expect(several.stderr).toContain(
      'say which of grpc.reflection.v1.ServerReflection, grpc.reflection.v1alpha.ServerReflection',
    );
    const { stderr } = await runZrpc(['describe', '--proto', 'google/protobuf/empty.proto']);
    expect(stderr).toBe(
      'google/protobuf/empty.proto has no services: name a message, such as google.protobuf.Timestamp\n',
    );
  });
});

describe('a request to fill in', () => {
  test('of a method and of a service', async () => {
    expect(JSON.parse(await output('describe', grpc, 'Orders/GetOrder', '--json'))).toEqual({
      id: '0',
    });
    const all = JSON.parse(await output('describe', grpc, 'Orders', '--json'));
    expect(all.Negotiate).toEqual({
      id: '0',
      customerName: '',
      status: 'STATUS_UNSPECIFIED',
      lines: [{ sku: '', count: 0 }],
      labels: { '': '' },
      createdAt: '1970-01-01T00:00:00Z',
      took: '0s',
      cardToken: '',
      discount: 0,
      signature: '',
      attachment: {},
    });
  });

  test('is taken as a request, whatever the message', async () => {
    const folder = join(import.meta.dirname, '../../codec/fixtures/proto');
    const names = ['everything', 'greeter', 'latest', 'legacy', 'modern'];
    const proto = names.map((name) => `zrpc/test/${name}.proto`);
    const schema = await fileSchema({ proto, importPath: [folder] });
    const checked: string[] = [];
    for (const registry of schema.registries) {
      for (const desc of registry) {
        if (desc.kind !== 'message') continue;
        dynamicMessageType(desc).fromJson(exampleMessage(desc));
        checked.push(desc.typeName);
      }
    }
    expect(checked).toContain('zrpc.test.Maps');
  });
});
