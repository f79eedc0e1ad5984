/**
 * A header block that cannot be decoded. What the two sides hold as dynamic table has come apart, so
 * it ends the connection (RFC 9113, 4.3: COMPRESSION_ERROR).
 */
export class CompressionFault extends Error {
  override readonly name = 'CompressionFault';
}
