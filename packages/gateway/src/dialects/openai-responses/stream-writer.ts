import type { Upgrade } from '../dialect.ts';
import type { OutputItem, StreamEvent } from './types.ts';

/** A record that says nothing, with our own member: the official client refuses types that it does not know. */
interface UpgradeRecord {
  type: 'keepalive';
  /** `output_index` is that of the first item that is not void. */
  omen: { upgrade: Upgrade & { output_index: number } };
}

type Unnumbered<E> = E extends StreamEvent ? Omit<E, 'sequence_number'> : never;

/** A record before its place in the stream is known. */
export type StreamRecord = Unnumbered<StreamEvent> | UpgradeRecord;

/** Writes records as server-sent events, numbers them, and knows the output's items. */
export class StreamWriter {
  /** Items in order of their `output_index`; one still open stands as it was announced. */
  readonly output: OutputItem[] = [];
  readonly #finished = new Set<number>();
  /** Items before this one are void. */
  #first = 0;
  #sequence = 0;
  #text = '';

  emit(record: StreamRecord): void {
    const data = JSON.stringify(Object.assign(record, { sequence_number: this.#sequence++ }));
    this.#text += `event: ${record.type}\ndata: ${data}\n\n`;
  }

  /** The text since the last time. */
  take(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }

  /** Announces an item and gives its `output_index`. */
  addItem(item: OutputItem): number {
    const output_index = this.output.length;
    this.output.push(item);
    this.emit({ type: 'response.output_item.added', output_index, item });
    return output_index;
  }

  finishItem(output_index: number, item: OutputItem): void {
    this.output[output_index] = item;
    this.#finished.add(output_index);
    this.emit({ type: 'response.output_item.done', output_index, item });
  }

  /** The items so far are void, and in none of the lists below. */
  upgrade({ from, to }: Upgrade): void {
    this.#first = this.output.length;
    const upgrade = { from, to, output_index: this.#first };
    this.emit({ type: 'keepalive', omen: { upgrade } });
  }

  /** The items of the answer that counts. */
  get answer(): OutputItem[] {
    return this.output.slice(this.#first);
  }

  /** Those of them that were told to the end. */
  get finishedOutput(): OutputItem[] {
    return this.output.filter((_, index) => index >= this.#first && this.#finished.has(index));
  }
}
