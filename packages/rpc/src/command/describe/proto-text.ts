import type { DescFile } from '@bufbuild/protobuf';
import type { Styles } from '../output.ts';
import { printable } from '../printable.ts';
import { commentsOf } from './comments.ts';

/** Text in the form of a `.proto` file, as it grows. What comes from a server is made printable. */
export class ProtoText {
  readonly #styles: Styles;
  readonly #lines: string[] = [];
  #indent = '';

  constructor(styles: Styles) {
    this.#styles = styles;
  }

  /** The whole, without a line break at its end. */
  get text(): string {
    return this.#lines.join('\n');
  }

  line(text: string): void {
    this.#lines.push(text === '' ? '' : this.#indent + this.#highlighted(printable(text)));
  }

  comment(lines: readonly string[]): void {
    for (const line of lines) {
      this.#lines.push(this.#indent + this.#styles.dim(`// ${printable(line)}`.trimEnd()));
    }
  }

  /** A declaration with the comments of its source around it. */
  declaration(file: DescFile, proto: object, text: string): void {
    const { before, behind } = commentsOf(file, proto);
    this.comment(before);
    const [only] = behind;
    if (behind.length === 1 && only !== undefined) {
      const comment = this.#styles.dim(` // ${printable(only)}`);
      this.#lines.push(this.#indent + this.#highlighted(printable(text)) + comment);
      return;
    }
    this.line(text);
    this.comment(behind);
  }

  /** `head {`, what `body` writes, and `}`; `head {}` when that is nothing. */
  block(file: DescFile, proto: object, head: string, body: () => void): void {
    const { before, behind } = commentsOf(file, proto);
    this.comment(before);
    this.line(`${head} {`);
    const start = this.#lines.length;
    this.#indent += '  ';
    this.comment(behind);
    body();
    this.#indent = this.#indent.slice(2);
    if (this.#lines.length > start) this.line('}');
    else {
      this.#lines.pop();
      this.line(`${head} {}`);
    }
  }

  #highlighted(text: string): string {
    return text.replace(keyword, (word) => this.#styles.cyan(word));
  }
}

const keyword =
  /^(?:service|message|enum|extend|oneof|rpc|option|reserved|extensions|repeated|optional|required|map)\b/;
