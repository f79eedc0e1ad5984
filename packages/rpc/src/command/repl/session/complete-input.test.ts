import { describe, expect, test } from 'bun:test';
import { connectMemory } from '../../../transports/memory/memory.ts';
import { Output } from '../../output.ts';
import { ReflectedSchema } from '../../schema/reflected-schema.ts';
import { shopServer } from '../../testing/shop-service.ts';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { History } from '../editor/history.ts';
import { completeInput } from './complete-input.ts';
import { Session } from './session.ts';

const stream = { write: () => true, once() {}, off() {} };
const { styles } = new Output({ stdout: stream, stderr: stream, environment: {} });
const transport = connectMemory({ handler: shopServer().handler });

/** A session with the shop, whose schema is asked for as it is needed. */
function shopSession(): Session {
  const settings = {
    timeoutMs: undefined,
    editing: 'emacs',
    defaults: false,
    metadata: false,
    pretty: 'auto',
    timings: false,
  } as const;
  const session = new Session({
    view: { styles, isInteractive: false, result: async () => {}, note() {} },
    flags: { header: ['x-tenant: 7'] },
    history: new History(),
    settings: { ...settings },
    onChange() {},
  });
  session.connection = { target: { kind: 'unix', name: 'unix:shop', path: 'shop' }, transport };
  session.schema = new ReflectedSchema(transport, { name: 'the shop' });
  session.variables.set('token', 'abc');
  return session;
}

async function offered(text: string, session = shopSession()): Promise<string[]> {
  const { candidates, from } = await completeInput(session, text, text.length);
  return candidates.map((each) => text.slice(0, from) + each.text);
}

describe('completion', () => {
  const cases: [text: string, offered: string[]][] = [
    ['Ord', ['Orders/']],
    ['shop.v1.O', ['shop.v1.Orders/']],
    ['Orders/Li', ['Orders/ListOrders ']],
    ['shop.v1.Orders/get', ['shop.v1.Orders/GetOrder ']],
    ['Nothing/x', []],
    ['des', ['describe ']],
    [':se', [':send ', ':set ']],
    ['call Stock/', ['call Stock/Count ']],
    ['let x = Stock/C', ['let x = Stock/Count ']],
    ['let x ', []],
    ['Orders/GetOrder ', ['Orders/GetOrder {']],
    ['Orders/GetOrder {', ['Orders/GetOrder {"id": ']],
    ['call Orders/GetOrder {"i', ['call Orders/GetOrder {"id": ']],
    ['let x = Orders/GetOrder {"', ['let x = Orders/GetOrder {"id": ']],
    ['Orders/Negotiate {"id": 1} {"sta', ['Orders/Negotiate {"id": 1} {"status": ']],
    ['Orders/GetOrder {"id": $t', ['Orders/GetOrder {"id": $token']],
    ['$to', ['$token']],
    ['header add x-a $to', ['header add x-a $token']],
    ['list St', ['list Stock']],
    ['list Stock ', []],
    ['describe Orders/Fa', ['describe Orders/Fail ']],
    ['example Orders/F', ['example Orders/Fail ']],
    ['connect grpcs', ['connect grpcs://']],
    ['header ', ['header add', 'header set', 'header remove', 'header clear']],
    ['header remove ', ['header remove x-tenant']],
    ['header add auth', ['header add authorization']],
    ['set ed', ['set editing']],
    ['set editing ', ['set editing emacs', 'set editing vi']],
    ['unset t', ['unset token']],
    ['help hea', ['help header']],
    ['history ', []],
    ['send ', []],
    ['{', []],
  ];
  test.each(cases)('%j', async (text, expected) => {
    expect(await offered(text)).toEqual(expected);
  });

  test('of nothing at all has services and commands', async () => {
    const all = await offered('');
    expect(all).toContain('shop.v1.Orders/');
    expect(all).toContain('help ');
    expect(all).toContain('quit');
  });

  test('knows types once they are loaded, and the message of an open stream', async () => {
    const session = shopSession();
    await session.run('describe Orders');
    expect(await offered('describe shop.v1.Sta', session)).toEqual(['describe shop.v1.Status']);
    await session.run('Orders/Negotiate');
    expect(await offered('{"labe', session)).toEqual(['{"labels": ']);
    expect(await offered('send ', session)).toEqual(['send {']);
    await session.run('cancel');
  });

  test('of files goes into folders, and leaves hidden ones out', async () => {
    await using folder = await temporaryFolder();
    for (const name of ['ab/c.zrpc', 'ac.zrpc', '.hidden']) await folder.write(name, '');
    const { path } = folder;
    expect(await offered(`load ${path}/`)).toEqual([`load ${path}/ab/`, `load ${path}/ac.zrpc`]);
    expect(await offered(`replay ${path}/ac`)).toEqual([`replay ${path}/ac.zrpc`]);
    expect(await offered(`save ${path}/.h`)).toEqual([`save ${path}/.hidden`]);
    expect(await offered(`load ${path}/nowhere/`)).toEqual([]);
    expect(await offered(`load ${path}/ab x`)).toEqual([]);
  });
});
