import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Nothing that a test does not ask for: no sandbox in containers, no traffic of the browser's own. */
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--remote-debugging-port=0',
  // Certificates of tests are signed by an authority that the browser does not know.
  '--ignore-certificate-errors',
];

interface Reply {
  readonly id?: number;
  readonly method?: string;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** A Chromium without a window and with a profile of its own, steered by its debugging protocol. */
export class Chromium implements AsyncDisposable {
  readonly #process: Bun.Subprocess;
  readonly #directory: string;
  readonly #socket: WebSocket;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #events = new Map<string, () => void>();
  #lastId = 0;

  private constructor(process: Bun.Subprocess, directory: string, socket: WebSocket) {
    this.#process = process;
    this.#directory = directory;
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(String(data)) as Reply);
    socket.onclose = () => {
      for (const { reject } of this.#pending.values()) reject(new Error('Chromium is gone'));
    };
  }

  /** @throws Error when it does not come up; `executable` is the path of its binary. */
  static async launch(executable: string): Promise<Chromium> {
    const directory = await mkdtemp(join(tmpdir(), 'zrpc-chromium-'));
    const process = Bun.spawn(
      [executable, ...flags, `--user-data-dir=${directory}`, 'about:blank'],
      {
        stdin: 'ignore',
        stdout: 'ignore',
        stderr: 'pipe',
      },
    );
    const socket = new WebSocket(await debuggerUrl(process.stderr));
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    return new Chromium(process, directory, socket);
  }

  /** Opens a page and returns what this expression, which may be a promise, is there. */
  async evaluate<T>(url: string, expression: string): Promise<T> {
    const { targetId } = await this.#send<{ targetId: string }>('Target.createTarget', {
      url: 'about:blank',
    });
    const { sessionId } = await this.#send<{ sessionId: string }>('Target.attachToTarget', {
      targetId,
      flatten: true,
    });
    await this.#send('Page.enable', {}, sessionId);
    const loaded = new Promise<void>((resolve) => this.#events.set('Page.loadEventFired', resolve));
    await this.#send('Page.navigate', { url }, sessionId);
    await loaded;
    const { result, exceptionDetails } = await this.#send<{
      result: { value: T };
      exceptionDetails?: { text: string; exception?: { description?: string } };
    }>('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true }, sessionId);
    if (exceptionDetails) {
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    }
    await this.#send('Target.closeTarget', { targetId });
    return result.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    this.#process.kill();
    await this.#process.exited;
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  #send<T>(method: string, params: object, sessionId?: string): Promise<T> {
    const id = ++this.#lastId;
    const pending = Promise.withResolvers<unknown>();
    this.#pending.set(id, pending);
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    return pending.promise as Promise<T>;
  }

  #receive({ id, method, result, error }: Reply): void {
    if (method !== undefined) this.#events.get(method)?.();
    const pending = id === undefined ? undefined : this.#pending.get(id);
    if (id === undefined || pending === undefined) return;
    this.#pending.delete(id);
    if (error) pending.reject(new Error(error.message));
    else pending.resolve(result);
  }
}

/** Chromium says it on its standard error. */
async function debuggerUrl(output: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  const reader = output.getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`Chromium did not come up: ${text.slice(-2_000)}`);
    text += decoder.decode(value, { stream: true });
    const url = /DevTools listening on (ws:\S+)\s/.exec(text)?.[1];
    if (url === undefined) continue;
    void drain(reader);
    return url;
  }
}

/** A full pipe would stop the browser. */
async function drain(reader: { read(): Promise<{ done: boolean }> }): Promise<void> {
  while (!(await reader.read()).done);
}
