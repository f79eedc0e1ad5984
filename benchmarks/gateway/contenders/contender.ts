import type { RequestShape, RequestTarget } from '../requests.ts';

/** What a contender needs to start. */
export interface StartOptions {
  emulatorPort: number;
  /** A folder of its own for configuration, state and logs. */
  folder: string;
}

/** A server under test that takes requests. */
export interface Contender extends AsyncDisposable {
  name: ContenderName;
  /** With its version. */
  title: string;
  /** The root of its processes; undefined where there is nothing between client and emulator. */
  pid: number | undefined;
  /** How it is asked. */
  target(shape: RequestShape): RequestTarget;
  /** True where the emulator's bytes come through as they were. */
  untouched(shape: RequestShape): boolean;
}

export const contenderNames = [
  'direct',
  'nginx',
  'bare',
  'portkey',
  'litellm',
  'zeke',
  'governed',
] as const;
export type ContenderName = (typeof contenderNames)[number];
