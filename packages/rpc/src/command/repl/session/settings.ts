import { RpcError } from '../../../rpc-error.ts';
import { formatMicroseconds, parseDurationMs } from '../../duration.ts';
import { didYouMean } from '../../nearest.ts';
import type { EditingStyle } from '../editor/line-editor.ts';

/** What `set` sets. */
export interface Settings {
  /** For each call, in milliseconds; undefined: none. */
  timeoutMs: number | undefined;
  editing: EditingStyle;
  /** Show fields that have their default value, too. */
  defaults: boolean;
  /** Show the metadata of header and trailer. */
  metadata: boolean;
  /** Set answers out over several lines: always, never, or those that come alone. */
  pretty: 'auto' | 'on' | 'off';
  /** Show how long the parts of a call took. */
  timings: boolean;
}

interface Option {
  readonly summary: string;
  /** What it may be, for completion. */
  readonly values: readonly string[];
  read(settings: Settings): string;
  /** @throws RpcError invalid_argument */
  write(settings: Settings, value: string): void;
}

function onOff(name: 'defaults' | 'metadata' | 'timings', summary: string): Option {
  return {
    summary,
    values: ['on', 'off'],
    read: (settings) => (settings[name] ? 'on' : 'off'),
    write(settings, value) {
      settings[name] = oneOf(name, value, ['on', 'off']) === 'on';
    },
  };
}

export const settingOptions: Readonly<Record<string, Option>> = {
  editing: {
    summary: 'the keys: those of emacs, or of vi',
    values: ['emacs', 'vi'],
    read: ({ editing }) => editing,
    write(settings, value) {
      settings.editing = oneOf('editing', value, ['emacs', 'vi']) === 'vi' ? 'vi' : 'emacs';
    },
  },
  timeout: {
    summary: 'how long a call may take: 5s, 500ms, off',
    values: ['off', '1s', '5s', '30s'],
    read: ({ timeoutMs }) => (timeoutMs === undefined ? 'off' : `${timeoutMs}ms`),
    write(settings, value) {
      settings.timeoutMs = value === 'off' ? undefined : parseDurationMs('timeout', value);
    },
  },
  pretty: {
    summary: 'set answers out; auto: those that are no stream',
    values: ['auto', 'on', 'off'],
    read: ({ pretty }) => pretty,
    write(settings, value) {
      const allowed = ['auto', 'on', 'off'] as const;
      const known = allowed.find((each) => each === oneOf('pretty', value, allowed));
      if (known !== undefined) settings.pretty = known;
    },
  },
  defaults: onOff('defaults', 'show fields that have their default value, too'),
  metadata: onOff('metadata', 'show the metadata of header and trailer'),
  timings: onOff('timings', 'show how long the parts of a call took'),
};

/** @throws RpcError invalid_argument for an option that is not there. */
export function settingOption(name: string): Option {
  const option = Object.hasOwn(settingOptions, name) ? settingOptions[name] : undefined;
  if (option !== undefined) return option;
  const names = Object.keys(settingOptions);
  throw new RpcError(
    'invalid_argument',
    `there is nothing called ${name} to set${didYouMean(name, names) || `: there are ${names.join(', ')}`}`,
  );
}

/** A time since something began: `+1.20 s`. */
export function formatElapsed(ms: number): string {
  return `+${formatMicroseconds(ms * 1_000)}`;
}

function oneOf(name: string, value: string, allowed: readonly string[]): string {
  if (allowed.includes(value)) return value;
  throw new RpcError('invalid_argument', `${name} ${value}: it may be ${allowed.join(' or ')}`);
}
