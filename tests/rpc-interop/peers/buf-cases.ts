import { deepEqual, equal, match } from 'node:assert/strict';
import { type CaseName, specialMessage } from '../cases/case-names.ts';
import { requestBytes, responseBytes } from '../cases/payloads.ts';
import { echoedHeader, echoedTrailer } from '../service/test-service.ts';
import { type ProgramResult, runProgram } from '../support/program.ts';
import { jsonDocuments, talkInTurn } from './buf-output.ts';

/** Calls of one server in one way. */
export class Curl {
  readonly #command: readonly string[];
  readonly #url: string;

  constructor(command: readonly string[], url: string) {
    this.#command = command;
    this.#url = url;
  }

  get isGrpcWeb(): boolean {
    return this.#command.includes('grpcweb');
  }

  commandFor(method: string, flags: readonly string[] = []): string[] {
    const service = method.includes('/') ? method : `TestService/${method}`;
    return [...this.#command, ...flags, '--data', '@-', `${this.#url}/grpc.testing.${service}`];
  }

  /** What it answers to these messages. @throws AssertionError when the call fails. */
  async call(method: string, ...requests: object[]): Promise<unknown[]> {
    const { exitCode, output, errors } = await this.run(method, requests);
    equal(exitCode, 0, errors);
    return jsonDocuments(output);
  }

  /** @throws AssertionError unless the call fails so. */
  async fails(method: string, code: number, request: object): Promise<string> {
    const { exitCode, errors } = await this.run(method, [request]);
    equal(exitCode, code << 3, errors);
    return (JSON.parse(errors) as { message?: string }).message ?? '';
  }

  run(method: string, requests: readonly object[], flags?: string[]): Promise<ProgramResult> {
    const input = requests.map((request) => JSON.stringify(request)).join('\n');
    return runProgram(this.commandFor(method, flags), { input });
  }
}

const zeros = (size: number): { body: string } => ({ body: Buffer.alloc(size).toString('base64') });
const large = { responseSize: 314_159, payload: zeros(271_828) };
const largeAnswer = { payload: zeros(314_159) };
const pings = requestBytes.map((size, index) => ({
  responseParameters: [{ size: responseBytes[index] }],
  payload: zeros(size),
}));
const answers = responseBytes.map((size) => ({ payload: zeros(size) }));
const metadataFlags = [
  '--verbose',
  '--header',
  `${echoedHeader}: test_initial_metadata_value`,
  '--header',
  `${echoedTrailer}: q6ur`,
];

/** Those that one call of a program can show. */
export const curlCases: Readonly<Partial<Record<CaseName, (curl: Curl) => Promise<void>>>> = {
  async empty_unary(curl) {
    deepEqual(await curl.call('EmptyCall', {}), [{}]);
  },
  async large_unary(curl) {
    deepEqual(await curl.call('UnaryCall', large), [largeAnswer]);
  },
  async client_streaming(curl) {
    const requests = requestBytes.map((size) => ({ payload: zeros(size) }));
    const answer = await curl.call('StreamingInputCall', ...requests);
    deepEqual(answer, [{ aggregatedPayloadSize: 74_922 }]);
  },
  async server_streaming(curl) {
    const responseParameters = responseBytes.map((size) => ({ size }));
    deepEqual(await curl.call('StreamingOutputCall', { responseParameters }), answers);
  },
  async ping_pong(curl) {
    deepEqual(await talkInTurn(curl.commandFor('FullDuplexCall'), pings), answers);
  },
  async empty_stream(curl) {
    deepEqual(await curl.call('FullDuplexCall'), []);
  },
  async custom_metadata(curl) {
    const { exitCode, errors } = await curl.run('UnaryCall', [large], metadataFlags);
    equal(exitCode, 0, errors.slice(-1_000));
    const received = errors.split('\n').filter((line) => line.startsWith('buf: < '));
    const last = received.join('\n').slice(-1_000);
    match(last, /^buf: < \S+ x-grpc-test-echo-initial: test_initial_metadata_value$/im);
    // It shows no trailers that are in a body.
    if (!curl.isGrpcWeb)
      match(last, /^buf: < \S+ (trailer-)?x-grpc-test-echo-trailing-bin: q6ur$/im);
  },
  async status_code_and_message(curl) {
    const responseStatus = { code: 2, message: 'test status message' };
    equal(await curl.fails('UnaryCall', 2, { responseStatus }), responseStatus.message);
  },
  async special_status_message(curl) {
    const responseStatus = { code: 2, message: specialMessage };
    equal(await curl.fails('UnaryCall', 2, { responseStatus }), specialMessage);
  },
  async unimplemented_method(curl) {
    await curl.fails('UnimplementedCall', 12, {});
  },
  async unimplemented_service(curl) {
    await curl.fails('UnimplementedService/UnimplementedCall', 12, {});
  },
};
