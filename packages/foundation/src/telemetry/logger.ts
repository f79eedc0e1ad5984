import { RpcError } from '@zeke/rpc';
import pino from 'pino';
import type { LogLevel } from '../config/resolved-config.ts';
import { redactText, redactValue } from './redact.ts';
import { openStandardError } from './standard-error.ts';

/** Fields of a log line; keys and values that look like secrets are redacted. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Structured logs. Every method takes a message, and fields beside it; an error goes in as `err`:
 * one that was to be expected (an RpcError that is not `internal`) is written as code, message and
 * cause, any other with its stack.
 * What looks like a secret is redacted, in fields at any depth, in messages, in errors and causes.
 */
export interface Logger {
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  fatal(message: string, fields?: LogFields): void;
  /** True when a line of this level would be written: ask before costly fields are built. */
  enabled(level: Exclude<LogLevel, 'silent'>): boolean;
  /** A logger that adds these fields to every line. */
  child(fields: LogFields): Logger;
  /** For a reloaded configuration; children made before follow. */
  setLevel(level: LogLevel): void;
  /** Resolves when everything said so far is written. */
  flush(): Promise<void>;
}

/** Where lines go; each text is one or more whole lines of JSON. */
export interface LogDestination {
  write(text: string): void;
}

export interface LoggerOptions {
  readonly level?: LogLevel;
  /** Default: standard error, without waiting for it. */
  readonly destination?: LogDestination;
  /** Fields of every line. */
  readonly fields?: LogFields;
}

/** Makes the process's logger: pino, one JSON object a line, `time` in ISO 8601, `level` in words. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { level = 'info', fields = {} } = options;
  const standardError = options.destination === undefined ? openStandardError() : undefined;
  const root = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // Errors come here as plain objects already; pino's own serializer would join their causes.
      serializers: { err: (error) => error },
    },
    options.destination ?? standardError,
  );
  const shared: Shared = {
    root,
    flush: standardError?.flush ?? (() => Promise.resolve()),
  };
  return new PinoLogger(shared, redactedFields(fields));
}

interface Shared {
  readonly root: pino.Logger;
  readonly flush: () => Promise<void>;
}

type LineLevel = Exclude<LogLevel, 'silent'>;

class PinoLogger implements Logger {
  readonly #shared: Shared;
  readonly #fields: LogFields;

  constructor(shared: Shared, fields: LogFields) {
    this.#shared = shared;
    this.#fields = fields;
  }

  trace(message: string, fields?: LogFields): void {
    this.#write('trace', message, fields);
  }

  debug(message: string, fields?: LogFields): void {
    this.#write('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#write('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#write('warn', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#write('error', message, fields);
  }

  fatal(message: string, fields?: LogFields): void {
    this.#write('fatal', message, fields);
  }

  enabled(level: LineLevel): boolean {
    return this.#shared.root.isLevelEnabled(level);
  }

  child(fields: LogFields): Logger {
    return new PinoLogger(this.#shared, { ...this.#fields, ...redactedFields(fields) });
  }

  setLevel(level: LogLevel): void {
    this.#shared.root.level = level;
  }

  flush(): Promise<void> {
    return this.#shared.flush();
  }

  #write(level: LineLevel, message: string, fields?: LogFields): void {
    if (!this.enabled(level)) return;
    const all =
      fields === undefined ? this.#fields : { ...this.#fields, ...redactedFields(fields) };
    this.#shared.root[level](all, redactText(message));
  }
}

function redactedFields(fields: LogFields): LogFields {
  const { err } = fields;
  const expected = err instanceof RpcError && err.code !== 'internal';
  return redactValue(expected ? { ...fields, err: brief(err) } : fields) as LogFields;
}

/** Where an expected error was made says nothing that its message does not. */
function brief({ code, message, cause }: RpcError): LogFields {
  if (cause === undefined) return { code, message };
  if (!(cause instanceof Error)) return { code, message, cause };
  const { code: causeCode } = cause as NodeJS.ErrnoException;
  return { code, message, cause: { code: causeCode, message: cause.message } };
}
