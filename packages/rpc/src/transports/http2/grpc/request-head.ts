import { known } from '../hpack/header-field.ts';
import { MessageHead } from './message-head.ts';

/**
 * The headers of a request (RFC 9113, 8.3.1). Source of gRPC's part:
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md (Requests).
 */
export class RequestHead extends MessageHead {
  method = '';
  path = '';
  contentType = '';
  timeout = '';
  encoding = '';
  acceptEncoding = '';
  /** Apart from the metadata, so that a call without any needs no object for it. */
  userAgent = '';
  #scheme = '';
  #hasAuthority = false;

  override reset(): void {
    super.reset();
    this.method = '';
    this.path = '';
    this.contentType = '';
    this.timeout = '';
    this.encoding = '';
    this.acceptEncoding = '';
    this.userAgent = '';
    this.#scheme = '';
    this.#hasAuthority = false;
  }

  /** All that must be there is there; called when all headers have come. */
  get isComplete(): boolean {
    return this.method !== '' && this.path !== '' && this.#scheme !== '';
  }

  protected override takePseudo(token: number, value: string): boolean {
    switch (token) {
      case known.method:
        if (this.method !== '') return false;
        this.method = value;
        return true;
      case known.path:
        if (this.path !== '') return false;
        this.path = value;
        return true;
      case known.scheme:
        if (this.#scheme !== '') return false;
        this.#scheme = value;
        return true;
      case known.authority:
        if (this.#hasAuthority) return false;
        this.#hasAuthority = true;
        return true;
      default:
        return false;
    }
  }

  protected override take(token: number, value: string): void {
    if (token === known.contentType) this.contentType = value;
    else if (token === known.userAgent) this.userAgent = value;
    else if (token === known.grpcTimeout) this.timeout = value;
    else if (token === known.grpcEncoding) this.encoding = value;
    else if (token === known.grpcAcceptEncoding) this.acceptEncoding = value;
  }
}
