import type { DescEnum, DescFile, DescMessage } from '@bufbuild/protobuf';
import { type FileNames, namesOf } from './names.ts';
import type { Settings } from './options.ts';

interface Import {
  readonly name: string;
  readonly local: string;
  /** Used in types only. */
  isType: boolean;
}

/** One generated file: its lines and what they import. */
export class CodeFile {
  readonly desc: DescFile;
  readonly names: FileNames;
  readonly #settings: Settings;
  /** The names of the files that are generated together. */
  readonly #generated: ReadonlySet<string>;
  readonly #lines: string[] = [];
  readonly #imports = new Map<string, Map<string, Import>>();
  readonly #locals = new Set<string>();
  #indent = '';
  #hasNoBytes = false;

  constructor(desc: DescFile, settings: Settings, generated: ReadonlySet<string>) {
    this.desc = desc;
    this.names = namesOf(desc);
    this.#settings = settings;
    this.#generated = generated;
  }

  /** The path of the file in the output: `a/b.proto` is `a/b_pb.ts`. */
  get path(): string {
    return `${this.desc.name}_pb.ts`;
  }

  line(text = ''): void {
    this.#lines.push(text === '' ? '' : this.#indent + text);
  }

  /** `opening`, the lines that `body` writes further in, `closing`. */
  block(opening: string, body: () => void, closing = '}'): void {
    this.line(opening);
    this.indented(body);
    this.line(closing);
  }

  /** The lines that `body` writes, further in. */
  indented(body: () => void): void {
    const outer = this.#indent;
    this.#indent = `${outer}  `;
    body();
    this.#indent = outer;
  }

  /** The local name of a function or class of the runtime. */
  runtime(name: string): string {
    return this.#import(this.#runtimeModule(), name, false);
  }

  /** The local name of a type of the runtime. */
  runtimeType(name: string): string {
    return this.#import(this.#runtimeModule(), name, true);
  }

  /** The local name of a message's MessageType. */
  messageType(desc: DescMessage): string {
    return this.#declared(desc.file, (names) => names.of(desc), false);
  }

  /** The local name of the type of a message or an enum. */
  typeName(desc: DescMessage | DescEnum): string {
    return this.#declared(desc.file, (names) => names.of(desc), true);
  }

  /** The local name of an enum's EnumType. */
  enumType(desc: DescEnum): string {
    return this.#declared(desc.file, (names) => names.enumTypeOf(desc), false);
  }

  /** The name of an empty Uint8Array that the file shares: there is nothing in it to change. */
  noBytes(): string {
    this.#hasNoBytes = true;
    return 'file$noBytes';
  }

  /** The whole text. */
  content(head: readonly string[]): string {
    const imports = [...this.#imports].sort(([a], [b]) => (a < b ? -1 : 1)).map(importLine);
    const noBytes = this.#hasNoBytes ? 'const file$noBytes: Uint8Array = new Uint8Array(0);' : '';
    const parts = [head.join('\n'), imports.join('\n'), noBytes, this.#lines.join('\n')];
    return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
  }

  #declared(file: DescFile, pick: (names: FileNames) => string, isType: boolean): string {
    if (file === this.desc) return pick(this.names);
    return this.#import(this.#moduleOf(file), pick(namesOf(file)), isType);
  }

  #import(module: string, name: string, isType: boolean): string {
    const names = this.#imports.get(module) ?? new Map<string, Import>();
    this.#imports.set(module, names);
    const known = names.get(name);
    if (known !== undefined) {
      known.isType &&= isType;
      return known.local;
    }
    let local = name;
    for (let i = 1; this.names.has(local) || this.#locals.has(local); i++) local = `${name}$${i}`;
    this.#locals.add(local);
    names.set(name, { name, local, isType });
    return local;
  }

  #runtimeModule(): string {
    const { runtimeModule } = this.#settings;
    return runtimeModule.startsWith('.') ? this.#relative(runtimeModule) : runtimeModule;
  }

  #moduleOf(file: DescFile): string {
    const { wellKnownModule, importExtension } = this.#settings;
    if (this.#generated.has(file.proto.name) || !isWellKnown(file)) {
      return this.#relative(`${file.name}_pb${importExtension}`);
    }
    return wellKnownModule.startsWith('.') ? this.#relative(wellKnownModule) : wellKnownModule;
  }

  /** A path from the root of the output, as this file says it. */
  #relative(path: string): string {
    const own = this.path.split('/').slice(0, -1);
    const parts = path.split('/').filter((part) => part !== '.');
    while (own.length > 0 && own[0] === parts[0]) {
      own.shift();
      parts.shift();
    }
    const up = own.length === 0 ? './' : '../'.repeat(own.length);
    return (parts[0] === '..' && own.length === 0 ? '' : up) + parts.join('/');
  }
}

/** Whether a file belongs to protobuf itself. */
export function isWellKnown(file: DescFile): boolean {
  return file.proto.name.startsWith('google/protobuf/');
}

function importLine([module, names]: [string, Map<string, Import>]): string {
  const all = [...names.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const onlyTypes = all.every(({ isType }) => isType);
  const parts = all.map(({ name, local, isType }) => {
    const text = name === local ? name : `${name} as ${local}`;
    return isType && !onlyTypes ? `type ${text}` : text;
  });
  const keyword = onlyTypes ? 'import type' : 'import';
  const line = `${keyword} { ${parts.join(', ')} } from '${module}';`;
  if (line.length <= 100) return line;
  return `${keyword} {\n${parts.map((part) => `  ${part},\n`).join('')}} from '${module}';`;
}
