import type { MessageInit } from '../../codec/message-type.ts';
import type { Transport } from '../../core/call.ts';
import { type CallOptions, createClient } from '../../core/client.ts';
import {
  ServerReflection,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from '../../gen/grpc/reflection/v1/reflection_pb.ts';
import { ServerReflection as ServerReflectionAlpha } from '../../gen/grpc/reflection/v1alpha/reflection_pb.ts';
import { RpcError } from '../../rpc-error.ts';

type Question = NonNullable<MessageInit<ServerReflectionRequest>['messageRequest']>;
type Answer = ServerReflectionResponse['messageResponse'];

/** A call of reflection: one answer to each question, one at a time. */
export interface ReflectionStream extends Disposable {
  /** @throws RpcError the end of the call. */
  ask(question: Question): Promise<Answer>;
}

/**
 * Opens the call, of `v1` or else of `v1alpha`; which one the server has shows with the first answer,
 * so it is asked for its services, as everybody does.
 * @throws RpcError unimplemented when it has neither.
 */
export async function openReflection(
  transport: Transport,
  options: CallOptions,
): Promise<ReflectionStream> {
  const stream = new Stream(createClient(ServerReflection, transport), options);
  try {
    await stream.ask({ case: 'listServices', value: '' });
    return stream;
  } catch (error) {
    stream[Symbol.dispose]();
    if (!(error instanceof RpcError) || error.code !== 'unimplemented') throw error;
  }
  return new Stream(createClient(ServerReflectionAlpha, transport), options);
}

type Requests = AsyncIterable<MessageInit<ServerReflectionRequest>>;

interface Reflector {
  serverReflectionInfo(
    requests: Requests,
    options?: CallOptions,
  ): AsyncIterable<ServerReflectionResponse>;
}

class Stream implements ReflectionStream {
  readonly #answers: AsyncIterator<ServerReflectionResponse>;
  readonly #questions: Question[] = [];
  #wake: () => void = () => {};
  #ended = false;

  constructor(reflector: Reflector, options: CallOptions) {
    const answers = reflector.serverReflectionInfo(this.#requests(), options);
    this.#answers = answers[Symbol.asyncIterator]();
  }

  async ask(question: Question): Promise<Answer> {
    this.#questions.push(question);
    this.#wake();
    const { done, value } = await this.#answers.next();
    if (!done) return value.messageResponse;
    throw new RpcError('internal', 'reflection: the server ended the call instead of answering');
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    this.#wake();
    // Cancels the call where the server does not end it.
    Promise.resolve(this.#answers.return?.()).catch(() => {});
  }

  async *#requests(): Requests {
    while (!this.#ended) {
      const question = this.#questions.shift();
      if (question !== undefined) yield { messageRequest: question };
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
