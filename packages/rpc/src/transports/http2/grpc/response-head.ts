import { known } from '../hpack/header-field.ts';
import { MessageHead } from './message-head.ts';

/**
 * The headers or the trailers of a response (RFC 9113, 8.3.2). Source of gRPC's part:
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md (Responses).
 */
export class ResponseHead extends MessageHead {
  /** The HTTP status; 0 in trailers, which have none. */
  status = 0;
  contentType = '';
  encoding = '';
  /** `grpc-status` as it came; empty for none. */
  grpcStatus = '';
  grpcMessage = '';
  grpcStatusDetails = '';

  override reset(): void {
    super.reset();
    this.status = 0;
    this.contentType = '';
    this.encoding = '';
    this.grpcStatus = '';
    this.grpcMessage = '';
    this.grpcStatusDetails = '';
  }

  protected override takePseudo(token: number, value: string): boolean {
    if (token !== known.status || this.status !== 0 || !/^[1-9][0-9]{2}$/.test(value)) return false;
    this.status = Number(value);
    return true;
  }

  protected override take(token: number, value: string): void {
    if (token === known.contentType) this.contentType = value;
    else if (token === known.grpcEncoding) this.encoding = value;
    else if (token === known.grpcStatus) this.grpcStatus = value;
    else if (token === known.grpcMessage) this.grpcMessage = value;
    else if (token === known.grpcStatusDetails) this.grpcStatusDetails = value;
  }
}
