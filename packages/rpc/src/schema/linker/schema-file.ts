import { Edition, type FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import type { OptionStatement, ParsedFile, Part } from '../parser/parsed-file.ts';
import type { Place, SourceText } from '../source-text.ts';
import type { EnumSymbol, FieldSymbol, MessageSymbol, ServiceSymbol } from './symbols.ts';

/** A file that is linked, from a source or from a descriptor. */
export class SchemaFile {
  readonly proto: FileDescriptorProto;
  readonly edition: Edition;
  /** Undefined for a descriptor, which is linked and valid already. */
  readonly parsed: ParsedFile | undefined;
  /** The imports something of which is named. */
  readonly used: Set<SchemaFile> = new Set();
  readonly imports: readonly SchemaFile[];
  readonly #publicImports: readonly SchemaFile[];
  readonly #optionImports: readonly SchemaFile[];
  #visible: ReadonlySet<SchemaFile> | undefined;
  #visibleToOptions: ReadonlySet<SchemaFile> | undefined;

  /** Its declarations, filled when it is indexed. */
  readonly messages: MessageSymbol[] = [];
  readonly enums: EnumSymbol[] = [];
  readonly extensions: FieldSymbol[] = [];
  readonly services: ServiceSymbol[] = [];

  /** `find` gives the files of its imports, which exist. */
  constructor(
    proto: FileDescriptorProto,
    parsed: ParsedFile | undefined,
    find: (name: string) => SchemaFile,
  ) {
    this.proto = proto;
    this.parsed = parsed;
    this.edition = editionOf(proto);
    this.imports = proto.dependency.map(find);
    this.#publicImports = proto.publicDependency.flatMap((index) => this.imports[index] ?? []);
    this.#optionImports = proto.optionDependency.map(find);
  }

  /** What its own symbols may name: itself, its imports, and what those import publicly. */
  get visible(): ReadonlySet<SchemaFile> {
    this.#visible ??= withExported(this, this.imports);
    return this.#visible;
  }

  /** The same, and what its option imports give besides. */
  get visibleToOptions(): ReadonlySet<SchemaFile> {
    this.#visibleToOptions ??= withExported(this, [...this.imports, ...this.#optionImports]);
    return this.#visibleToOptions;
  }

  get publicImports(): readonly SchemaFile[] {
    return this.#publicImports;
  }

  /** Whether an import of it gives one of these files; taken as given when that is far to see. */
  exports(files: ReadonlySet<SchemaFile>): boolean {
    const seen = new Set<SchemaFile>([this]);
    for (const file of seen) {
      if (files.has(file) || seen.size > maxExported) return true;
      for (const next of file.#publicImports) seen.add(next);
    }
    return false;
  }

  /** Lets go of what only the linking of the file needs. */
  finish(): void {
    this.#visible = undefined;
    this.#visibleToOptions = undefined;
  }

  get source(): SourceText | undefined {
    return this.parsed?.source;
  }

  place(descriptor: object, part: Part, index?: number): Place | undefined {
    return this.parsed?.places.get(descriptor, part, index);
  }

  report(descriptor: object, part: Part, message: string, index?: number): void {
    this.source?.report(this.place(descriptor, part, index), message);
  }

  options(descriptor: object): readonly OptionStatement[] {
    return this.parsed?.options.get(descriptor) ?? [];
  }
}

/** Public imports that are followed to tell whether an import is used. */
const maxExported = 100;

function withExported(self: SchemaFile, imports: readonly SchemaFile[]): Set<SchemaFile> {
  const files = new Set(imports);
  for (const file of files) for (const next of file.publicImports) files.add(next);
  return files.add(self);
}

function editionOf(proto: FileDescriptorProto): Edition {
  if (proto.syntax === 'editions') return proto.edition;
  return proto.syntax === 'proto3' ? Edition.EDITION_PROTO3 : Edition.EDITION_PROTO2;
}

/** Proto2 and proto3 were before editions. */
export function isEditions(file: SchemaFile): boolean {
  return file.edition >= Edition.EDITION_2023;
}
