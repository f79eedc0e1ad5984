import type {
  DescEnum,
  DescExtension,
  DescFile,
  DescMessage,
  DescService,
} from '@bufbuild/protobuf';
import { lowerCamelCase } from '../../codec/field-table.ts';

/** What a file declares under one name or more. */
type Declared = DescMessage | DescEnum | DescExtension | DescService;

/** The names that a file gives to what it declares. Those of an import are the same everywhere. */
export interface FileNames {
  /** The main name: of the interface and the const. */
  of(desc: Declared): string;
  /** Of the EnumType. */
  enumTypeOf(desc: DescEnum): string;
  /** Of the default values of a message. */
  defaultsOf(desc: DescMessage): string;
  clientOf(desc: DescService): string;
  handlersOf(desc: DescService): string;
  /** Whether the file declares something of this name. */
  has(name: string): boolean;
}

/** Words that name no type, and what generated code uses itself: these get a `$` at their end. */
const reserved = new Set(
  `abstract any arguments as async await bigint boolean break case catch class const constructor
  continue debugger declare default delete do else enum eval export extends false finally for from
  function get if implements import in infer instanceof interface is keyof let module namespace
  never new null number object of package private protected public readonly require return set
  static string super switch symbol this throw true try type typeof undefined unique unknown var void
  while with yield
  Array AsyncIterable Boolean Infinity NaN Number Object Promise Record String Uint8Array
  begin close end entryTag held init into item key map message options outer reader start stop tag
  value writer`.split(/\s+/),
);

/** Names in the order of the file: messages and enums first, what is derived from them later. */
export function namesOf(file: DescFile): FileNames {
  const taken = new Set<string>();
  const names = new Map<string, string>();
  const claim = (key: string, wanted: string): void => {
    let name = reserved.has(wanted) || /^f\d+$/.test(wanted) ? `${wanted}$` : wanted;
    while (taken.has(name)) name += '$';
    taken.add(name);
    names.set(key, name);
  };
  const declared = declarationsOf(file);
  for (const desc of declared) {
    if (desc.kind !== 'extension') claim(desc.typeName, typeNameOf(desc));
  }
  for (const desc of declared) claimDerived(desc, names, claim);
  const nameOf = (key: string): string => names.get(key) ?? '';
  return {
    of: (desc) => nameOf(desc.typeName),
    enumTypeOf: (desc) => nameOf(`${desc.typeName} enum`),
    defaultsOf: (desc) => nameOf(`${desc.typeName} defaults`),
    clientOf: (desc) => nameOf(`${desc.typeName} client`),
    handlersOf: (desc) => nameOf(`${desc.typeName} handlers`),
    has: (name) => taken.has(name),
  };
}

/** All messages, in the order of the file, those in others behind them. */
export function messagesOf(parent: DescFile | DescMessage): DescMessage[] {
  const messages = parent.kind === 'file' ? parent.messages : parent.nestedMessages;
  return messages.flatMap((message) => [message, ...messagesOf(message)]);
}

/** All enums: those of the file, then those in messages. */
export function enumsOf(file: DescFile): DescEnum[] {
  return [...file.enums, ...messagesOf(file).flatMap((message) => message.nestedEnums)];
}

/** All extensions: those of the file, then those in messages. */
export function extensionsOf(file: DescFile): DescExtension[] {
  return [...file.extensions, ...messagesOf(file).flatMap((message) => message.nestedExtensions)];
}

function declarationsOf(file: DescFile): Declared[] {
  return [...messagesOf(file), ...enumsOf(file), ...file.services, ...extensionsOf(file)];
}

function claimDerived(
  desc: Declared,
  names: ReadonlyMap<string, string>,
  claim: (key: string, wanted: string) => void,
): void {
  const name = names.get(desc.typeName);
  switch (desc.kind) {
    case 'enum':
      claim(`${desc.typeName} enum`, `${name}Enum`);
      break;
    case 'message':
      claim(`${desc.typeName} defaults`, `${name}Defaults`);
      break;
    case 'service':
      claim(`${desc.typeName} client`, `${name}Client`);
      claim(`${desc.typeName} handlers`, `${name}Handlers`);
      break;
    case 'extension':
      claim(desc.typeName, extensionNameOf(desc));
      break;
  }
}

/** `Outer_Inner` */
function typeNameOf(desc: DescMessage | DescEnum | DescService): string {
  if (desc.kind === 'service' || desc.parent === undefined) return desc.name;
  return `${typeNameOf(desc.parent)}_${desc.name}`;
}

function extensionNameOf(desc: DescExtension): string {
  const name = lowerCamelCase(desc.name);
  return desc.parent === undefined ? name : `${typeNameOf(desc.parent)}_${name}`;
}
