import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createServer as createHttp2Server, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { runZrpc } from './testing/run-zrpc.ts';
import { shopDescriptorSet, shopFolder, shopProto } from './testing/shop-service.ts';

/*
 * Servers that others have written, with their own reflection.
 */

interface Order {
  readonly id: string;
}

async function output(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runZrpc(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

describe('grpc-js with @grpc/reflection', () => {
  let server: Server;
  let target: string;

  beforeAll(async () => {
    const definition = loadSync('shop/v1/orders.proto', {
      includeDirs: [shopFolder],
      longs: String,
      enums: String,
    });
    server = new Server();
    server.addService(definition['shop.v1.Orders'] as Parameters<Server['addService']>[0], {
      getOrder(call: ServerUnaryCall<Order, object>, done: sendUnaryData<object>) {
        if (call.request.id === '404') {
          const trailer = new Metadata();
          trailer.set('x-why', 'gone');
          done({ code: status.NOT_FOUND, details: 'no such order', metadata: trailer });
        } else done(null, { id: call.request.id, status: 'STATUS_SENT' });
      },
      listOrders(call: ServerWritableStream<{ pageSize: number }, object>) {
        for (let id = 1; id <= call.request.pageSize; id++) call.write({ id });
        call.end();
      },
      importOrders(call: ServerReadableStream<Order, object>, done: sendUnaryData<object>) {
        let orders = 0;
        call.on('data', () => {
          orders++;
        });
        call.on('end', () => done(null, { orders }));
      },
      negotiate(call: ServerDuplexStream<Order, object>) {
        call.on('data', ({ id }: Order) => call.write({ id }));
        call.on('end', () => call.end());
      },
    });
    new ReflectionService(definition).addToServer(server);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    target = `grpc://127.0.0.1:${port}`;
  });

  afterAll(() => server.forceShutdown());

  test('lists and describes', async () => {
    expect(await output('list', target)).toContain('shop.v1.Orders\n');
    expect(await output('list', target, 'Orders')).toContain('shop.v1.Orders/GetOrder\n');
    expect(await output('describe', target, 'GetOrderRequest')).toContain('  int64 id = 1;\n');
  });

  test('is called in every way', async () => {
    const call = (...args: string[]): Promise<string> => output('call', target, ...args);
    expect(await call('Orders/GetOrder', '{"id":7}')).toBe('{"id":"7","status":"STATUS_SENT"}\n');
    expect(await call('Orders/ListOrders', '{"pageSize":2}')).toBe('{"id":"1"}\n{"id":"2"}\n');
    expect(await call('Orders/ImportOrders', '{}{}{}')).toBe('{"orders":3}\n');
    expect(await call('Orders/Negotiate', '{"id":1}{"id":2}')).toBe('{"id":"1"}\n{"id":"2"}\n');
  });

  test('fails, with its trailer', async () => {
    const { code, stderr } = await runZrpc(['call', target, 'Orders/GetOrder', '{"id":404}', '-v']);
    expect(code).toBe(5);
    expect(stderr).toContain('trailer x-why: gone\n');
    expect(stderr).toEndWith('zrpc: not_found (5): no such order\n');
  });

  test('is measured', async () => {
    const flags = ['--warm-up', '0s', '--duration', '50ms', '--json', '-c', '4'];
    const report = JSON.parse(
      await output('bench', target, 'Orders/GetOrder', '{"id":7}', ...flags),
    );
    expect(report.calls).toMatchObject({ failed: 0, unfinished: 0 });
    expect(report.calls.ok).toBeGreaterThan(0);
  });
});

describe('connect-node, which has no reflection', () => {
  let server: Http2Server;
  let address: string;

  beforeAll(async () => {
    const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, shopDescriptorSet));
    const orders = registry.getService('shop.v1.Orders');
    if (orders === undefined) throw new Error('no service');
    const routes = (router: ConnectRouter): void => {
      router.service(orders, {
        getOrder(request: { readonly id?: bigint }) {
          if (request.id === 404n) throw new ConnectError('no such order', Code.NotFound);
          return { id: request.id };
        },
        async *listOrders(request: { readonly pageSize?: number }) {
          for (let id = 1; id <= (request.pageSize ?? 0); id++) yield { id: BigInt(id) };
        },
      } as unknown as Parameters<typeof router.service>[1]);
    };
    server = createHttp2Server(connectNodeAdapter({ routes }));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => {
    server.close();
  });

  test('is called as gRPC, with a schema of files', async () => {
    const call = (...args: string[]): Promise<string> =>
      output('call', `grpc://${address}`, '--proto', shopProto, ...args);
    expect(await call('Orders/GetOrder', '{"id":7}')).toBe('{"id":"7"}\n');
    expect(await call('Orders/ListOrders', '{"pageSize":2}')).toBe('{"id":"1"}\n{"id":"2"}\n');
  });

  test('says so without a schema', async () => {
    const { code, stderr } = await runZrpc(['list', `grpc://${address}`]);
    expect(code).toBe(12);
    expect(stderr).toContain('has no reflection: say what it serves with --proto');
  });

  test('fails', async () => {
    const args = [
      'call',
      `grpc://${address}`,
      '--proto',
      shopProto,
      'Orders/GetOrder',
      '{"id":404}',
    ];
    expect(await runZrpc(args)).toEqual({
      code: 5,
      stdout: '',
      stderr: 'zrpc: not_found (5): no such order\n',
    });
  });
});
