import { expect, test } from 'bun:test';
import { RpcError } from '../../rpc-error.ts';
import { RecordingSink } from '../../testing/recording-sink.ts';
import { ScriptedTransport } from '../../testing/scripted-transport.ts';
import { testMethod, testOpenOptions, utf8 } from '../../testing/test-method.ts';
import { fileSchema } from '../schema/file-schema.ts';
import { noSchema, type Schema } from '../schema/schema.ts';
import { shopFolder, shopProto } from '../testing/shop-service.ts';
import { awaitMethod } from './await-method.ts';
import { ProxySchema } from './proxy-schema.ts';

const shop = await fileSchema({ proto: [shopProto], importPath: [shopFolder] });
const getOrder = testMethod({ path: '/shop.v1.Orders/GetOrder', kind: 'bidi-stream' });

test('a call waits until its method is known, and is opened as what it is', async () => {
  const told = Promise.withResolvers<void>();
  const schema: Schema = {
    ...shop,
    lookUp: (name) => shop.lookUp(name),
    services: async () => {
      await told.promise;
      return await shop.services();
    },
  };
  const transport = new ScriptedTransport();
  const proxied = new ProxySchema(schema);
  const sink = new RecordingSink();
  const call = awaitMethod(transport, proxied).open(getOrder, testOpenOptions(), sink);
  call.sendMessage(utf8('x'));
  call.sendEnd();
  expect(transport.calls).toEqual([]);
  told.resolve();
  await proxied.find(getOrder.path);
  const opened = transport.call(0);
  expect(opened.method).toMatchObject({ kind: 'unary', idempotency: 'no-side-effects' });
  expect(opened.sent).toEqual([utf8('x')]);
  expect(opened.halfClosed).toBe(true);
  awaitMethod(transport, proxied).open(getOrder, testOpenOptions(), sink);
  expect(transport.calls).toHaveLength(2);
});

test('a call of what nobody knows is refused, with what to do', async () => {
  const transport = new ScriptedTransport();
  const sink = new RecordingSink();
  awaitMethod(transport, new ProxySchema(noSchema)).open(getOrder, testOpenOptions(), sink);
  const { error } = await sink.end;
  expect(error?.code).toBe('unimplemented');
  expect(error?.message).toContain('--proto');
  expect(transport.calls).toEqual([]);
});

test('a server that does not tell of its methods is asked again, not for each call', async () => {
  let now = 0;
  let asked = 0;
  const schema: Schema = {
    ...noSchema,
    services: async () => {
      asked++;
      throw new RpcError('unavailable', 'not yet');
    },
  };
  const proxied = new ProxySchema(schema, () => now);
  expect(proxied.load()).rejects.toThrow('not yet');
  proxied.method('/a/b');
  expect(asked).toBe(1);
  now = 10_000;
  expect(proxied.anyMethod('/a.B/C')).toMatchObject({ name: 'C', kind: 'bidi-stream' });
  expect(asked).toBe(2);
});
