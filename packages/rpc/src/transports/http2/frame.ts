/*
 * The numbers of HTTP/2's frames (RFC 9113, sections 4, 6, 7 and 11).
 */

/** Before every payload: length (24 bits), type, flags, stream. */
export const frameHeaderBytes = 9;

/** What every peer takes, until its settings say more (RFC 9113, 4.2). */
export const defaultFrameBytes = 16_384;

/** What every window is, until settings or WINDOW_UPDATE say otherwise (RFC 9113, 6.9.2). */
export const defaultWindowBytes = 65_535;

/** The largest window, and the largest stream number (RFC 9113, 6.9.1, 5.1.1). */
export const max31Bits = 0x7fff_ffff;

export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const frameFlag = {
  /** Of DATA and HEADERS. */
  endStream: 0x01,
  /** Of SETTINGS and PING. */
  ack: 0x01,
  endHeaders: 0x04,
  padded: 0x08,
  priority: 0x20,
} as const;

export const setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

/** RFC 9113, 7. */
export const errorCode = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  connectError: 10,
  enhanceYourCalm: 11,
  inadequateSecurity: 12,
  http11Required: 13,
} as const;

const names: readonly string[] = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
];

/** The name of an error code, for messages. */
export function errorName(code: number): string {
  return names[code] ?? `error ${code}`;
}

/** What a client says first (RFC 9113, 3.4). */
export const clientPreface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
