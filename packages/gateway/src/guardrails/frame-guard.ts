import type { RpcError } from '@zeke/rpc';
import type { Dialect, Frame } from '../dialects/dialect.ts';
import { type AnswerGuard, withoutLogprobs } from './answer-guard.ts';
import type { HeldItems, Released } from './held-items.ts';
import { editTexts, type JsonPath, pathText } from './json-texts.ts';
import { type ReadRecord, recordReaders } from './stream-texts.ts';
import { toolNamesIn } from './tool-names.ts';

/** A record of a stream that waits to go out. */
interface Item {
  /** As it came, or with texts replaced that do not grow. */
  readonly bytes: Buffer;
  readonly frame: Frame;
  readonly paths: readonly JsonPath[];
}

/**
 * Guards a stream in the form in which it came: records go out byte by byte as they are, but for those in
 * whose texts something is replaced, of which the rest stays.
 */
export class FrameGuard {
  readonly #guard: AnswerGuard;
  readonly #dialect: Pick<Dialect, 'framing' | 'name'>;
  readonly #read: ReadRecord;
  readonly #held: HeldItems<Item>;

  constructor(guard: AnswerGuard, dialect: Pick<Dialect, 'framing' | 'name'>) {
    this.#guard = guard;
    this.#dialect = dialect;
    this.#read = recordReaders[dialect.name];
    this.#held = guard.hold();
  }

  /** Why nothing more may go out. */
  get refusal(): RpcError | undefined {
    return this.#guard.refusal;
  }

  /** Takes one record, as bytes and parsed; gives the bytes that may go out now. */
  push(bytes: Buffer, frame: Frame | undefined): Buffer[] {
    if (this.#guard.refusal) return [];
    const data = frame && parsed(frame.data);
    if (!frame || data === undefined) {
      return this.#written(this.#held.push({ bytes, frame: noFrame, paths: [] }, [], never));
    }
    if (this.#guard.asksOfTools && frame.data.includes('"name"')) {
      for (const tool of toolNamesIn(data)) this.#guard.called(tool);
    }
    const { ends, pieces } = this.#read(data);
    const paths = pieces.map(({ path }) => path);
    for (const { text } of pieces) this.#guard.count(text);
    const json = this.#withoutWhole(frame.data, paths);
    if (this.#guard.refusal) return [];
    const item =
      json === frame.data
        ? { bytes, frame, paths }
        : { bytes: this.#record(frame.event, json), frame: { ...frame, data: json }, paths };
    return this.#written(this.#held.push(item, pieces, ends));
  }

  /** The stream has ended; `complete`: in good order. Of one that broke off, no text that was held goes out. */
  end(complete: boolean): Buffer[] {
    return this.#written(complete ? this.#held.end() : this.#held.abandon());
  }

  /** Texts of a record that are told at once. */
  #withoutWhole(json: string, paths: readonly JsonPath[]): string {
    const growing = new Set(paths.map(pathText));
    const edited = editTexts(json, (text, path, form, isName) => {
      const field = pathText(path);
      return growing.has(field) && !isName ? undefined : this.#guard.text(text, field, form);
    });
    return edited === json ? json : withoutLogprobs(edited);
  }

  #written(released: readonly Released<Item>[]): Buffer[] {
    return released.map(({ item, pieces, texts }) => {
      for (const [index, { channel, text }] of pieces.entries()) {
        this.#guard.keep(channel, texts?.[index] ?? text);
      }
      if (!texts) return item.bytes;
      const byPath = new Map(item.paths.map((path, index) => [pathText(path), texts[index]]));
      const json = editTexts(item.frame.data, (_text, path, _form, isName) =>
        isName ? undefined : byPath.get(pathText(path)),
      );
      return this.#record(item.frame.event, withoutLogprobs(json));
    });
  }

  #record(event: string, json: string): Buffer {
    if (this.#dialect.framing === 'ndjson') return Buffer.from(`${json}\n`);
    const data = json.replaceAll('\n', '\ndata: ');
    return Buffer.from(`${event ? `event: ${event}\n` : ''}data: ${data}\n\n`);
  }
}

const noFrame: Frame = { event: '', data: '' };
const never = () => false;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
