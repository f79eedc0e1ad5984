import type { Frame } from '../../dialects/dialect.ts';
import { dialects } from '../../dialects/index.ts';
import { AwsEventStreamParser } from '../../framing/aws-event-stream.ts';
import { NdjsonParser } from '../../framing/ndjson.ts';
import { SseParser } from '../../framing/sse.ts';
import type { DialectName } from '../../neutral/dialect-name.ts';
import type { Usage } from '../../neutral/usage.ts';

interface FrameParser {
  push(bytes: Uint8Array): Frame[];
  end(): Frame[];
}

/** Reads usage beside a stream of an endpoint that no dialect knows, as its bytes go by. */
export class RawStreamUsage {
  readonly usage: Usage = { input: 0, output: 0 };
  /** So far. Most hold a token or more. */
  records = 0;
  readonly #parser: FrameParser;
  readonly #dialects: readonly DialectName[];
  /** A stream that is not what its type says is passed on, and no longer read. */
  #readable = true;

  /** Undefined where the content type is none of a stream of records. */
  static of(contentType: string, dialect: DialectName): RawStreamUsage | undefined {
    const parser = parserOf(contentType);
    return parser && new RawStreamUsage(parser, dialect);
  }

  private constructor(parser: FrameParser, dialect: DialectName) {
    this.#parser = parser;
    // A provider of chat answers at its other endpoints as responses do: pictures, speech.
    this.#dialects = dialect === 'openai-chat' ? [dialect, 'openai-responses'] : [dialect];
  }

  get known(): boolean {
    return this.usage.input > 0 || this.usage.output > 0;
  }

  push(bytes: Uint8Array): void {
    this.#read(() => this.#parser.push(bytes));
  }

  end(): void {
    this.#read(() => this.#parser.end());
  }

  #read(parse: () => Frame[]): void {
    if (!this.#readable) return;
    try {
      for (const frame of parse()) {
        this.records++;
        for (const name of this.#dialects) {
          const dialect = dialects[name];
          if (frame.data.includes(dialect.usageMark)) dialect.scanUsage(frame, this.usage);
        }
      }
    } catch {
      this.#readable = false;
    }
  }
}

function parserOf(contentType: string): FrameParser | undefined {
  if (contentType.startsWith('text/event-stream')) return new SseParser();
  if (contentType.startsWith('application/x-ndjson')) return new NdjsonParser();
  if (contentType.startsWith('application/vnd.amazon.eventstream'))
    return new AwsEventStreamParser();
  return undefined;
}
