/**
 * Something that the peer did and that the connection does not survive (RFC 9113, 5.4.1): it is
 * told so by GOAWAY with this code and message.
 */
export class ConnectionFault extends Error {
  override readonly name = 'ConnectionFault';
  /** One of `errorCode`. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
