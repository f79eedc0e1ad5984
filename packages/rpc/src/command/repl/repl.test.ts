import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Listener } from '../../core/call.ts';
import { listenUnix } from '../../transports/unix/unix.ts';
import { shopServer } from '../testing/shop-service.ts';
import { type TemporaryFolder, temporaryFolder } from '../testing/temporary-folder.ts';
import { processTimeoutMs } from '../testing/zrpc-process.ts';
import { Person, type PersonOptions } from './testing/person.ts';

setDefaultTimeout(processTimeoutMs);

const shop = shopServer();
let folder: TemporaryFolder;
let listener: Listener;

beforeAll(async () => {
  folder = await temporaryFolder();
  listener = await listenUnix({ path: join(folder.path, 'shop'), handler: shop.handler });
});

afterAll(async () => {
  await listener.close({ graceMs: 0 });
  await folder[Symbol.asyncDispose]();
});

const esc = '\u001b';

function control(letter: string): string {
  return String.fromCharCode(letter.charCodeAt(0) & 31);
}

/** A person in a session with the shop. */
async function visitor(flags: string[] = ['--no-history'], options: PersonOptions = {}) {
  const person = new Person(['repl', listener.address, ...flags], options);
  await person.see('2 services: shop.v1.Orders, shop.v1.Stock\nshop>');
  return person;
}

describe('a person at a terminal', () => {
  test('completes services, methods, fields and values, and calls', async () => {
    await using person = await visitor();
    person.type('Ord\t');
    await person.see('shop> Orders/');
    person.type('\t');
    await person.see('GetOrder      GetOrderRequest → Order');
    person.type('Get\t');
    await person.see(/shop> Orders\/GetOrder\n?$/);
    person.type('\t');
    await person.see('GetOrder {');
    person.type('"\t');
    await person.see('{"id":');
    person.type('7}\r');
    await person.see('  "customerName": "Ada",');
    await person.see(/ok · .*\nshop>/);
    person.type('Orders/Negotiate {"sta\tse\t}\r');
    await person.see('Negotiate {"status": "STATUS_SENT"}');
    await person.see('Orders/Negotiate 1↑ 1↓>');
    person.type(control('d'));
    await person.see('ok · 1 sent · 1 received');
    person.type(control('d'));
    expect(await person.exited).toBe(0);
  });

  test('writes over several lines, and what closes goes out by itself', async () => {
    await using person = await visitor();
    person.type('Orders/GetOrder {\r"id": 7\r}');
    await person.see('shop> Orders/GetOrder {\n…   "id": 7\n… }');
    person.type('\r');
    await person.see(/ok · /);
    // What was said comes back as it was, and its first line can be gone to.
    person.type(`${esc}[A`);
    await person.see(/shop> Orders\/GetOrder \{\n… {3}"id": 7\n… \}$/);
    person.type(`${esc}[A${control('e')}8`);
    await person.see(/"id": 78/);
  });

  test('sees a stream as it comes; Ctrl-C ends the call and not the session', async () => {
    await using person = await visitor();
    const cancelled = shop.record.nextCancel();
    person.type('Orders/ListOrders {"pageSize": 2, "wait": true}\r');
    await person.see(/#1 \+\d.* \{"id":"1"\}\n#2 \+\d.* \{"id":"2"\}/);
    person.type('typed ahead');
    person.type(control('c'));
    await person.see(/canceled \(1\): interrupted · 2 received · .*\nshop> typed ahead/);
    expect(await cancelled).toBe('/shop.v1.Orders/ListOrders');
    person.type(control('c'));
    await person.see(/shop> typed ahead\^C\nshop>/);
    person.type('quit\r');
    expect(await person.exited).toBe(0);
  });

  test('sends on a stream that is open, and looks around meanwhile', async () => {
    await using person = await visitor();
    person.type('Orders/Negotiate\r');
    await person.see('Orders/Negotiate 0↑ 0↓>');
    person.type('{"customerName": "Ada"}\r');
    await person.see(/#1 \+.* \{"customerName":"Ada!"\}/);
    person.type(`send {"customerName": "\${_.customerName}"}\r`);
    await person.see(/#2 \+.* \{"customerName":"Ada!!"\}/);
    person.type('list Stock\r');
    await person.see('shop.v1.Stock/Count  CountRequest → ImportSummary');
    person.type(`half${control('c')}`);
    await person.see(/2↑ 2↓> half\^C\nOrders\/Negotiate 2↑ 2↓>/);
    person.type(control('c'));
    await person.see(/canceled \(1\): interrupted · 2 sent · 2 received/);
    await person.see(/\nshop> *$/);
  });

  test('edits with the keys of vi, when told to', async () => {
    await using person = await visitor();
    person.type(':set editing vi\r');
    await person.see(/shop> :set editing vi\nshop>/);
    person.type('Orders/GetOrder {"id": 99}');
    await person.see('99}');
    person.type(esc);
    await person.until(() => person.terminal.cursorShape === 2);
    person.type('F9bcw7');
    await person.see('{"id": 7}');
    person.type('\r');
    await person.see('"id": "7"');
  });

  test('finds what was said in an earlier session, without its secrets', async () => {
    const history = join(folder.path, 'history');
    {
      await using person = await visitor(['--history', history]);
      person.type('header add authorization Bearer s3cret\r');
      person.type('let token = "s3cret"\r');
      person.type('Orders/GetOrder {"id": 404}\r');
      await person.see('not_found (5): there is no order 404');
      person.type('vars\r');
      await person.see('$token = secret');
      person.type(control('d'));
      await person.exited;
    }
    expect(await Bun.file(history).text()).toBe(
      `${JSON.stringify('Orders/GetOrder {"id": 404}')}\n"vars"\n`,
    );
    expect((await stat(history)).mode & 0o777).toBe(0o600);
    await using person = await visitor(['--history', history]);
    person.type(`${control('r')}404`);
    await person.see(/shop> Orders\/GetOrder \{"id": 404\}\nsearch: 404/);
    person.type('\r');
    await person.see('there is no order 404');
  });

  test('pastes, and resizes', async () => {
    await using person = await visitor(undefined, { columns: 60, rows: 12 });
    person.type(`${esc}[200~Orders/GetOrder {\n\t"id": 7\n}${esc}[201~`);
    await person.see('… }');
    person.resize(40, 12);
    person.type(' ');
    await person.see(/shop> Orders\/GetOrder \{\n… {3}"id": 7\n… \}/);
    person.type('\r');
    await person.see(/ok · .*\nshop>$/);
  });

  test('leaves the terminal as it was', async () => {
    const person = await visitor();
    person.type('help\r');
    await person.see('help COMMAND and help keys tell more.');
    person.type('nonsense\r');
    await person.see('nonsense is no command');
    person.type('exit\r');
    expect(await person.exited).toBe(0);
  });
});

test('Ctrl-Z gives the shell back, and fg the session', async () => {
  const shell = {
    command: ['bash', '--norc', '-i'],
    environment: { PS1: '$ ', PATH: '/usr/bin:/bin' },
  };
  await using person = new Person([], shell);
  await person.see(/\$ *$/);
  const program = join(import.meta.dirname, '../../zrpc.ts');
  person.type(`${process.execPath} ${program} repl ${listener.address} --no-history\r`);
  await person.see(/2 services.*\nshop>/);
  person.type(`half${control('z')}`);
  await person.see(/Stopped/);
  person.type('fg\r');
  await person.see(/fg\n[\s\S]*shop> half$/);
  person.type(` a line\r`);
  await person.see(/half is no command/);
});

test('a server that is not there is told, and another one can be connected to', async () => {
  const nowhere = `unix:${join(folder.path, 'nowhere')}`;
  await using person = new Person(['repl', nowhere, '--no-history']);
  await person.see(/nowhere.*\nnowhere>/s);
  person.type('Orders/GetOrder {}\r');
  await person.see(/no such socket/);
  person.type(`connect ${listener.address}\r`);
  await person.see(/\nshop> *$/);
  person.type('Orders/GetOrder {"id": 7}\r');
  await person.see('"customerName": "Ada"');
});
