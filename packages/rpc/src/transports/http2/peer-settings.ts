import { ConnectionFault } from './connection-fault.ts';
import { defaultFrameBytes, defaultWindowBytes, errorCode, max31Bits, setting } from './frame.ts';
import { defaultTableBytes } from './hpack/decoder.ts';

/** What a peer has said in SETTINGS (RFC 9113, 6.5.2). */
export interface PeerSettings {
  readonly headerTableBytes: number;
  readonly maxStreams: number;
  readonly initialWindowBytes: number;
  readonly maxFrameBytes: number;
  readonly maxHeaderListBytes: number;
}

/** What holds before a peer has said anything. */
export const noSettings: PeerSettings = {
  headerTableBytes: defaultTableBytes,
  maxStreams: Number.POSITIVE_INFINITY,
  initialWindowBytes: defaultWindowBytes,
  maxFrameBytes: defaultFrameBytes,
  maxHeaderListBytes: Number.POSITIVE_INFINITY,
};

/**
 * The settings after a SETTINGS frame with the payload from `start` to `end`.
 * @throws ConnectionFault for a value that may not be.
 */
export function readSettings(
  before: PeerSettings,
  bytes: Uint8Array,
  start: number,
  end: number,
): PeerSettings {
  if ((end - start) % 6 !== 0) {
    throw new ConnectionFault(errorCode.frameSizeError, 'the peer sent SETTINGS of a wrong size');
  }
  const settings: Writable<PeerSettings> = { ...before };
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = start; at < end; at += 6) {
    apply(settings, view.getUint16(at), view.getUint32(at + 2));
  }
  return settings;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function apply(settings: Writable<PeerSettings>, id: number, value: number): void {
  switch (id) {
    case setting.headerTableSize:
      settings.headerTableBytes = value;
      return;
    case setting.enablePush:
      if (value > 1) throw wrongValue('ENABLE_PUSH', value, errorCode.protocolError);
      return;
    case setting.maxConcurrentStreams:
      settings.maxStreams = value;
      return;
    case setting.initialWindowSize:
      if (value > max31Bits) {
        throw wrongValue('INITIAL_WINDOW_SIZE', value, errorCode.flowControlError);
      }
      settings.initialWindowBytes = value;
      return;
    case setting.maxFrameSize:
      if (value < defaultFrameBytes || value > maxMaxFrameBytes) {
        throw wrongValue('MAX_FRAME_SIZE', value, errorCode.protocolError);
      }
      settings.maxFrameBytes = value;
      return;
    case setting.maxHeaderListSize:
      settings.maxHeaderListBytes = value;
      return;
    default:
  }
}

const maxMaxFrameBytes = 2 ** 24 - 1;

function wrongValue(name: string, value: number, code: number): ConnectionFault {
  return new ConnectionFault(code, `the peer set SETTINGS_${name} to ${value}`);
}
