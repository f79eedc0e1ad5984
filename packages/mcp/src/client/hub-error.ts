import {
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  UnauthorizedError,
} from '@modelcontextprotocol/client';
import { type Code, RpcError } from '@zeke/rpc';

const maxWordsChars = 500;

/** An error of the SDK, of a transport or of a server's own making, as one of ours that names the server. */
export function hubError(error: unknown, server: string): RpcError {
  if (error instanceof RpcError) return error;
  if (error instanceof UnauthorizedError) return unauthenticated(server, error);
  const cause = causeOf(error);
  if (cause !== undefined) return hubError(cause, server);
  const name = `MCP server ${server}`;
  if (error instanceof SdkHttpError) {
    if (error.status === 401) return unauthenticated(server, error);
    const code = httpCodes[error.status] ?? (error.status >= 500 ? 'unavailable' : 'unknown');
    return new RpcError(code, `${name} answered with HTTP ${error.status}`, { cause: error });
  }
  if (error instanceof SdkError) {
    const code = sdkCodes[error.code] ?? 'unknown';
    return new RpcError(code, `${name}: ${words(error.message)}`, { cause: error });
  }
  if (error instanceof ProtocolError) {
    const code = protocolCodes[error.code] ?? 'unknown';
    return new RpcError(code, `${name}: ${words(error.message)}`, { cause: error });
  }
  if (error instanceof TypeError && isOfNetwork(error)) {
    return new RpcError('unavailable', `${name} cannot be reached`, { cause: error });
  }
  const said = error instanceof Error ? error.message : String(error);
  const code = isOfNetwork(error) ? 'unavailable' : 'unknown';
  return new RpcError(code, `${name}: ${words(said)}`, { cause: error });
}

/** What somebody else wrote, fit for one line of a message. */
export function words(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return line.length > maxWordsChars ? `${line.slice(0, maxWordsChars)}…` : line;
}

function unauthenticated(server: string, cause: unknown): RpcError {
  const message = `MCP server ${server} asks for a login: run zeke mcp login ${server}`;
  return new RpcError('unauthenticated', message, { cause });
}

/** The SDK wraps what a transport or a fetch of ours threw. */
function causeOf(error: unknown): RpcError | undefined {
  for (let each = error, depth = 0; each instanceof Error && depth < 5; depth += 1) {
    const { cause, data } = each as { cause?: unknown; data?: { cause?: unknown } };
    const inner = cause ?? data?.cause;
    if (inner instanceof RpcError) return inner;
    each = inner;
  }
  return undefined;
}

function isOfNetwork(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^(E[A-Z]+|Connection|FailedTo|UNABLE_|CERT_)/.test(code);
}

const httpCodes: Readonly<Record<number, Code>> = {
  400: 'invalid_argument',
  403: 'permission_denied',
  404: 'not_found',
  405: 'unimplemented',
  408: 'deadline_exceeded',
  413: 'resource_exhausted',
  429: 'resource_exhausted',
};

const sdkCodes: Partial<Record<SdkErrorCode, Code>> = {
  [SdkErrorCode.RequestTimeout]: 'deadline_exceeded',
  [SdkErrorCode.ConnectionClosed]: 'unavailable',
  [SdkErrorCode.NotConnected]: 'unavailable',
  [SdkErrorCode.SendFailed]: 'unavailable',
  [SdkErrorCode.CapabilityNotSupported]: 'unimplemented',
  [SdkErrorCode.MethodNotSupportedByProtocolVersion]: 'unimplemented',
};

const protocolCodes: Readonly<Record<number, Code>> = {
  [-32_601]: 'unimplemented',
  [-32_602]: 'invalid_argument',
  [-32_000]: 'not_found',
  [-32_002]: 'not_found',
  [-32_003]: 'permission_denied',
  [-32_004]: 'not_found',
  [-32_006]: 'permission_denied',
  [-32_007]: 'unauthenticated',
  [-32_008]: 'resource_exhausted',
  [-32_009]: 'unavailable',
  [-32_042]: 'failed_precondition',
};
