/**
 * The cases of gRPC's interop description that need no cloud, in its order, and two of our own:
 * `random_metadata` fills and empties the tables of the header compression on both sides, and
 * `orderly_close` ends our client's connection, to which the server must agree.
 * Source: https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md
 */
export const caseNames = [
  'empty_unary',
  'large_unary',
  'client_compressed_unary',
  'server_compressed_unary',
  'client_streaming',
  'client_compressed_streaming',
  'server_streaming',
  'server_compressed_streaming',
  'ping_pong',
  'empty_stream',
  'custom_metadata',
  'random_metadata',
  'status_code_and_message',
  'special_status_message',
  'unimplemented_method',
  'unimplemented_service',
  'cancel_after_begin',
  'cancel_after_first_response',
  'timeout_on_sleeping_server',
  'orderly_close',
] as const;

export type CaseName = (typeof caseNames)[number];

/** Of `special_status_message`: what must be escaped in `grpc-message`. */
export const specialMessage = '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n';
