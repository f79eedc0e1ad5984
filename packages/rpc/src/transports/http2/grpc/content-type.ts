/** What this transport sends: messages are protobuf. */
export const grpcContentType = 'application/grpc+proto';

/**
 * Whether a content type is that of gRPC with protobuf: `application/grpc`, `application/grpc+proto`,
 * either with parameters. gRPC-Web is another protocol.
 */
export function isGrpcContentType(value: string): boolean {
  if (value === grpcContentType || value === 'application/grpc') return true;
  return /^application\/grpc(?:\+proto)?[\t ]*(?:;.*)?$/i.test(value);
}
