import { afterAll, beforeAll, expect, test } from 'bun:test';
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import type { Listener } from '../../core/call.ts';
import { listenUnix } from '../../transports/unix/unix.ts';
import type { Context } from '../context.ts';
import { ProcessInterrupts } from '../interrupts.ts';
import { Output } from '../output.ts';
import { shopServer } from '../testing/shop-service.ts';
import { type TemporaryFolder, temporaryFolder } from '../testing/temporary-folder.ts';
import { History } from './editor/history.ts';
import { runInteractive } from './interactive.ts';
import { Session } from './session/session.ts';
import { VirtualTerminal } from './testing/virtual-terminal.ts';

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

/** The two streams of a terminal: keys go into one, the other is a screen. */
class Desk {
  readonly screen = new VirtualTerminal(100, 40);
  readonly rawModes: boolean[] = [];
  readonly interrupts = new ProcessInterrupts();
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  #wake: () => void = () => {};

  constructor() {
    const calm = {
      resume() {},
      pause() {},
      setRawMode: (mode: boolean) => this.rawModes.push(mode),
    };
    this.stdin = Object.assign(new EventEmitter(), calm) as unknown as NodeJS.ReadStream;
    const write = (text: string): boolean => {
      this.screen.write(text);
      this.#wake();
      return true;
    };
    const size = { columns: 100, rows: 40 };
    const stdout = Object.assign(new EventEmitter(), { write, ...size });
    this.stdout = stdout as unknown as NodeJS.WriteStream;
  }

  /** Sits down, and gives the exit code when it is left. */
  begin(target: string | undefined): Promise<number> {
    const { stdin, stdout, interrupts } = this;
    const environment = { NO_COLOR: '1' };
    const output = new Output({ stdout, stderr: stdout, environment });
    const context: Context = { name: 'zrpc', environment, output, interrupts, stdin };
    const history = new History();
    const open = async (view: Session['view'], onChange: () => void): Promise<Session> => {
      const settings = {
        timeoutMs: undefined,
        editing: 'emacs',
        defaults: false,
        metadata: false,
        pretty: 'off',
        timings: false,
      } as const;
      const session = new Session({
        view,
        flags: {},
        history,
        settings: { ...settings },
        onChange,
      });
      if (target !== undefined) await session.connectFirst(target);
      return session;
    };
    return runInteractive(context, open, history, stdout);
  }

  type(keys: string): void {
    this.stdin.emit('data', Buffer.from(keys));
  }

  async see(what: RegExp): Promise<void> {
    while (!what.test([...this.screen.scrolled, ...this.screen.screen].join('\n'))) {
      const more = Promise.withResolvers<void>();
      this.#wake = more.resolve;
      await more.promise;
    }
  }
}

test('a person types, sees answers, cancels, ends a stream, and leaves', async () => {
  const desk = new Desk();
  const left = desk.begin(listener.address);
  await desk.see(/2 services: shop\.v1\.Orders, shop\.v1\.Stock\nshop>/);
  desk.type('Orders/GetOrder {"id": 7}\rlist\r');
  await desk.see(/"customerName":"Ada".*\nok · [\s\S]*shop\.v1\.Stock\n/);
  desk.type('Orders/ListOrders {"pageSize": 1, "wait": true}\r');
  await desk.see(/#1 .* \{"id":"1"\}/);
  desk.type('\u0003');
  await desk.see(/canceled \(1\): interrupted · 1 received/);
  desk.type('Orders/ImportOrders {"id": 2}\r');
  await desk.see(/Orders\/ImportOrders 1↑ 0↓>/);
  desk.type('x\u0003\u0004');
  await desk.see(/ok · 1 sent/);
  desk.type('Orders/ImportOrders\r');
  await desk.see(/Orders\/ImportOrders 0↑ 0↓>/);
  desk.type('\u0003');
  await desk.see(/canceled \(1\): interrupted · 0 sent/);
  desk.type('# nothing\r\r:set editing vi\r');
  await desk.see(/:set editing vi\n/);
  desk.type('Sto\t');
  await desk.see(/shop> Stock\//);
  desk.stdout.emit('resize');
  desk.type('\u001b');
  desk.type('cc');
  desk.type('\u0004');
  expect(await left).toBe(0);
  expect(desk.rawModes).toEqual([true, false]);
});

test('without a server it says so; an interrupt of the process and a terminal that goes end it', async () => {
  const first = new Desk();
  const left = first.begin(undefined);
  await first.see(/not connected[\s\S]*zrpc>/);
  first.interrupts.interrupt();
  expect(await left).toBe(0);
  const second = new Desk();
  const gone = second.begin(undefined);
  await second.see(/zrpc>/);
  second.stdin.emit('end');
  expect(await gone).toBe(0);
});
