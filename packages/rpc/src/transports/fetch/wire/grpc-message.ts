/**
 * A status message as the header `grpc-message` has it: everything outside of printable ASCII, and
 * `%`, as bytes of UTF-8 in percent signs.
 *
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md (Status-Message).
 */
export function encodeGrpcMessage(message: string): string {
  return message.toWellFormed().replace(/[^\x20-\x24\x26-\x7e]+/g, encodeURIComponent);
}

/** Reads it back. As the source demands, what is not well formed is taken as it stands. */
export function decodeGrpcMessage(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
