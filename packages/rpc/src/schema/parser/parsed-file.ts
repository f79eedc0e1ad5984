import type { FileDescriptorProto, SourceCodeInfo_Location } from '@bufbuild/protobuf/wkt';
import type { Place, SourceText } from '../source-text.ts';

/** What the parser makes of one source: its descriptor, with what the linker needs besides. */
export interface ParsedFile {
  readonly source: SourceText;
  /** Type names as written, options left out, `json_name` only where given. */
  readonly proto: FileDescriptorProto;
  readonly places: Places;
  /** The option statements of a descriptor, in their order. */
  readonly options: Map<object, OptionStatement[]>;
}

/** The part of a declaration that a problem is about. */
export type Part =
  | 'name'
  | 'type'
  | 'number'
  | 'end'
  | 'label'
  | 'extendee'
  | 'input'
  | 'output'
  | 'default'
  | 'json-name'
  | 'visibility'
  | 'reserved-name';

/** Where the parts of declarations stand, by their descriptor. */
export class Places {
  readonly #places = new Map<object, Partial<Record<string, Place>>>();

  /** `index` tells parts apart that a descriptor has several of. */
  set(descriptor: object, part: Part, place: Place, index = 0): void {
    const places = this.#places.get(descriptor) ?? {};
    places[`${part}${index}`] = place;
    this.#places.set(descriptor, places);
  }

  /** The part's place, else the name's, else none. */
  get(descriptor: object, part: Part, index = 0): Place | undefined {
    const places = this.#places.get(descriptor);
    return places?.[`${part}${index}`] ?? places?.name0;
  }
}

/** `option NAME = VALUE;` or one of `[NAME = VALUE, …]`. */
export interface OptionStatement extends Place {
  readonly name: readonly OptionNamePart[];
  readonly value: OptionValue;
  /** Its path ends in placeholders after the first `pathLength` numbers until it is interpreted. */
  readonly location: SourceCodeInfo_Location | undefined;
  readonly pathLength: number;
}

export interface OptionNamePart extends Place {
  readonly isExtension: boolean;
  /** Dotted, as written, when it is an extension. */
  readonly text: string;
}

/** The value of an option, or of a field in an aggregate. */
export type OptionValue = Place &
  (
    | { readonly kind: 'identifier'; readonly text: string; readonly isNegative: boolean }
    | { readonly kind: 'integer'; readonly value: bigint }
    | { readonly kind: 'float'; readonly value: number }
    | { readonly kind: 'string'; readonly value: Uint8Array }
    | { readonly kind: 'message'; readonly fields: readonly ValueField[] }
    | { readonly kind: 'list'; readonly values: readonly OptionValue[] }
  );

/** `name: value` in an aggregate. */
export interface ValueField extends Place {
  readonly name: ValueFieldName;
  readonly value: OptionValue;
}

export type ValueFieldName =
  | { readonly kind: 'field'; readonly text: string }
  | { readonly kind: 'extension'; readonly text: string }
  | { readonly kind: 'any'; readonly prefix: string; readonly text: string };
