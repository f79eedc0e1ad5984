import { RpcError } from '@zeke/rpc';
import { ask, type Message } from './ask.ts';
import { checkModel } from './check-model.ts';
import type { GatewayClient } from './client.ts';
import type { ChatFlags } from './commands/chat.ts';
import type { Context } from './context.ts';
import { MessageReader } from './message-reader.ts';

/**
 * A conversation with a person at the terminal, until Ctrl-D or /exit. Ctrl-C ends an answer; at
 * the prompt it ends the conversation, and `canceled` is thrown.
 */
export async function converse(
  context: Context,
  client: GatewayClient,
  flags: ChatFlags,
): Promise<void> {
  const { output, interrupts, stdin, environment } = context;
  const { dim, cyan } = output.styles;
  output.line(dim(`${flags.model} · ${commands}, Ctrl-D ends`));
  using reader = new MessageReader({
    stdin,
    stdout: process.stdout,
    prompts: { first: cyan('› '), further: dim('… ') },
    dumb: environment.TERM === 'dumb',
    onInterrupt: () => interrupts.interrupt(),
  });
  const talk = new Conversation(context, client, flags);
  for (;;) {
    const message = await reader.next(interrupts.signal);
    if (message === undefined) break;
    if ((await talk.take(message)) === 'end') return;
  }
  output.line();
  if (interrupts.signal.aborted) throw new RpcError('canceled', 'canceled');
}

const commands = '/model <name> changes it, /clear forgets, /help shows this, /exit ends';

class Conversation {
  readonly #context: Context;
  readonly #client: GatewayClient;
  readonly #system: readonly Message[];
  #messages: Message[] = [];
  #model: string;

  constructor(context: Context, client: GatewayClient, { model, system }: ChatFlags) {
    this.#context = context;
    this.#client = client;
    this.#model = model;
    this.#system = system === undefined ? [] : [{ role: 'system', content: system }];
  }

  /** Takes one message of the person's: a command, where it is one line that begins with a slash. */
  async take(message: string): Promise<'end' | 'go on'> {
    const { output } = this.#context;
    const text = message.trim();
    if (text === '') return 'go on';
    if (!message.startsWith('/') || text.includes('\n')) {
      await this.#attempt((signal) => this.#ask(text, signal));
      return 'go on';
    }
    const [command, ...words] = text.split(/\s+/);
    switch (command) {
      case '/exit':
      case '/quit':
        return 'end';
      case '/clear':
        this.#messages = [];
        return 'go on';
      case '/model':
        await this.#attempt((signal) => this.#changeModel(words.join(' '), signal));
        return 'go on';
      case '/help':
        output.line(`${this.#model} · ${commands}`);
        return 'go on';
      default:
        output.line(`there is no ${command}, but ${commands}; a space before it sends it as it is`);
        return 'go on';
    }
  }

  async #changeModel(name: string, signal: AbortSignal): Promise<void> {
    const { output } = this.#context;
    if (name !== '') {
      await checkModel(this.#client, name, signal);
      this.#model = name;
    }
    output.line(output.styles.dim(`the model is ${this.#model}`));
  }

  async #ask(content: string, signal: AbortSignal): Promise<void> {
    const { output } = this.#context;
    const asked: Message[] = [...this.#messages, { role: 'user', content }];
    const answer = await ask({
      client: this.#client,
      model: this.#model,
      messages: [...this.#system, ...asked],
      signal,
      onText: (text) => output.words(text),
    });
    output.line();
    this.#messages = [...asked, { role: 'assistant', content: answer.text }];
  }

  /** Does something that Ctrl-C ends; a failure is told, and the conversation goes on. */
  async #attempt(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { output, interrupts } = this.#context;
    try {
      await interrupts.scope(work);
    } catch (reason) {
      const { code, message } = RpcError.from(reason);
      const { dim, red } = output.styles;
      output.hint(code === 'canceled' ? dim(' (ended)') : red(message));
    }
  }
}
