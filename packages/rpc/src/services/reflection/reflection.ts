import type { MessageInit } from '../../codec/message-type.ts';
import type { Server } from '../../core/server.ts';
import { codeNumber } from '../../core/status.ts';
import type {
  ServerReflectionRequest,
  ServerReflectionResponse,
} from '../../gen/grpc/reflection/v1/reflection_pb.ts';
import { DescriptorIndex, type IndexedFile } from './descriptor-index.ts';

type Answer = NonNullable<MessageInit<ServerReflectionResponse>['messageResponse']>;

/** Answers what clients ask of a server's descriptors. */
export class Reflection {
  readonly #server: Server;
  readonly #index = new DescriptorIndex();
  /** How many of the server's services are in the index. */
  #indexed = 0;

  constructor(server: Server) {
    this.#server = server;
  }

  async *answer(
    requests: AsyncIterable<ServerReflectionRequest>,
  ): AsyncGenerator<MessageInit<ServerReflectionResponse>> {
    // Files that the client of this stream has are not sent again.
    const sent = new Set<string>();
    for await (const request of requests) {
      this.#update();
      yield {
        validHost: request.host,
        originalRequest: request,
        messageResponse: this.#answerTo(request, sent),
      };
    }
  }

  #update(): void {
    const { services } = this.#server;
    while (this.#indexed < services.length) {
      const descriptorSet = services[this.#indexed]?.descriptorSet;
      if (descriptorSet !== undefined) this.#index.add(descriptorSet());
      this.#indexed += 1;
    }
  }

  #answerTo({ messageRequest }: ServerReflectionRequest, sent: Set<string>): Answer {
    switch (messageRequest.case) {
      case 'fileByFilename':
        return this.#fileAnswer(this.#index.file(messageRequest.value), messageRequest.value, sent);
      case 'fileContainingSymbol': {
        const name = messageRequest.value;
        return this.#fileAnswer(this.#index.fileOfSymbol(name), name, sent);
      }
      case 'fileContainingExtension': {
        const { containingType, extensionNumber } = messageRequest.value;
        const file = this.#index.fileOfExtension(containingType, extensionNumber);
        return this.#fileAnswer(file, `extension ${extensionNumber} of ${containingType}`, sent);
      }
      case 'allExtensionNumbersOfType': {
        const name = messageRequest.value;
        if (this.#index.fileOfSymbol(name) === undefined) return notFound(name);
        const extensionNumber = this.#index.extensionNumbers(name);
        const value = { baseTypeName: name, extensionNumber };
        return { case: 'allExtensionNumbersResponse', value };
      }
      case 'listServices':
        return { case: 'listServicesResponse', value: { service: this.#services() } };
      case undefined:
        return failure('invalid_argument', 'the request asks for nothing that is known here');
    }
  }

  #fileAnswer(file: IndexedFile | undefined, name: string, sent: Set<string>): Answer {
    if (file === undefined) return notFound(name);
    // What was asked for is always sent, though it has been sent before.
    sent.delete(file.name);
    const files = this.#index.withImports(file, sent);
    const fileDescriptorProto = files.map(({ bytes }) => bytes);
    return { case: 'fileDescriptorResponse', value: { fileDescriptorProto } };
  }

  #services(): { readonly name: string }[] {
    const names = this.#server.services.map(({ typeName }) => typeName);
    return names.sort().map((name) => ({ name }));
  }
}

function notFound(name: string): Answer {
  return failure('not_found', `nothing here declares ${JSON.stringify(name)}`);
}

function failure(code: 'not_found' | 'invalid_argument', errorMessage: string): Answer {
  return { case: 'errorResponse', value: { errorCode: codeNumber(code), errorMessage } };
}
