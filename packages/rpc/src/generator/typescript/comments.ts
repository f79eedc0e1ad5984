import type {
  DescEnum,
  DescEnumValue,
  DescExtension,
  DescField,
  DescFile,
  DescMessage,
  DescMethod,
  DescOneof,
  DescService,
} from '@bufbuild/protobuf';
import type { SourceCodeInfo_Location } from '@bufbuild/protobuf/wkt';

type Commented =
  | DescEnum
  | DescEnumValue
  | DescExtension
  | DescField
  | DescMessage
  | DescMethod
  | DescOneof
  | DescService;

/** Field numbers of descriptor.proto, of which the paths of comments are made. */
const inFile = { message: 4, enum: 5, service: 6, extension: 7, syntax: 12, edition: 14 } as const;
const inMessage = { field: 2, message: 3, enum: 4, extension: 6, oneof: 8 } as const;
const valueInEnum = 2;
const methodInService = 2;

const locations = new WeakMap<DescFile, ReadonlyMap<string, SourceCodeInfo_Location>>();

/**
 * The doc comment of a declaration: the comment before it, the one behind it, then what `extra` has.
 *
 * @returns its lines, none when there is nothing to say.
 */
export function docComment(desc: Commented, extra: readonly string[] = []): string[] {
  const location = locationsOf(fileOf(desc)).get(pathOf(desc).join(','));
  const paragraphs = [location?.leadingComments, location?.trailingComments]
    .map((text) => linesOf(text ?? ''))
    .filter((lines) => lines.length > 0);
  const tags = desc.deprecated ? [...extra, '@deprecated'] : extra;
  if (tags.length > 0) paragraphs.push([...tags]);
  return commentOf(paragraphs.flatMap((lines, i) => (i === 0 ? lines : ['', ...lines])));
}

/** The comments at the top of a file: mostly its licence. */
export function headComment(file: DescFile): string[] {
  const all = locationsOf(file);
  const location = all.get(`${inFile.syntax}`) ?? all.get(`${inFile.edition}`);
  if (location === undefined) return [];
  const texts = [...location.leadingDetachedComments, location.leadingComments];
  return texts
    .map(linesOf)
    .filter((lines) => lines.length > 0)
    .flatMap((lines, i) => (i === 0 ? lines : ['', ...lines]))
    .map((line) => `// ${line}`.trimEnd());
}

function commentOf(lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const safe = lines.map((line) => line.replaceAll('*/', '*\\/'));
  if (safe.length === 1 && `/** ${safe[0]} */`.length <= 98) return [`/** ${safe[0]} */`];
  return ['/**', ...safe.map((line) => ` * ${line}`.trimEnd()), ' */'];
}

/** The lines of a comment, without the blank that follows `//` and without empty ones around. */
function linesOf(text: string): string[] {
  const lines = text.split('\n').map((line) => line.replace(/^ /, '').trimEnd());
  while (lines.length > 0 && lines[0] === '') lines.shift();
  while (lines.length > 0 && lines.at(-1) === '') lines.pop();
  return lines;
}

function locationsOf(file: DescFile): ReadonlyMap<string, SourceCodeInfo_Location> {
  let map = locations.get(file);
  if (map === undefined) {
    const all = file.proto.sourceCodeInfo?.location ?? [];
    map = new Map(all.map((location) => [location.path.join(','), location]));
    locations.set(file, map);
  }
  return map;
}

function fileOf(desc: Commented): DescFile {
  switch (desc.kind) {
    case 'enum_value':
    case 'field':
    case 'oneof':
    case 'rpc':
      return desc.parent.file;
    default:
      return desc.file;
  }
}

function pathOf(desc: Commented): number[] {
  switch (desc.kind) {
    case 'message':
      return desc.parent === undefined
        ? [inFile.message, desc.file.proto.messageType.indexOf(desc.proto)]
        : [
            ...pathOf(desc.parent),
            inMessage.message,
            desc.parent.proto.nestedType.indexOf(desc.proto),
          ];
    case 'enum':
      return desc.parent === undefined
        ? [inFile.enum, desc.file.proto.enumType.indexOf(desc.proto)]
        : [...pathOf(desc.parent), inMessage.enum, desc.parent.proto.enumType.indexOf(desc.proto)];
    case 'extension':
      return desc.parent === undefined
        ? [inFile.extension, desc.file.proto.extension.indexOf(desc.proto)]
        : [
            ...pathOf(desc.parent),
            inMessage.extension,
            desc.parent.proto.extension.indexOf(desc.proto),
          ];
    case 'service':
      return [inFile.service, desc.file.proto.service.indexOf(desc.proto)];
    case 'field':
      return [...pathOf(desc.parent), inMessage.field, desc.parent.proto.field.indexOf(desc.proto)];
    case 'oneof':
      return [
        ...pathOf(desc.parent),
        inMessage.oneof,
        desc.parent.proto.oneofDecl.indexOf(desc.proto),
      ];
    case 'enum_value':
      return [...pathOf(desc.parent), valueInEnum, desc.parent.proto.value.indexOf(desc.proto)];
    case 'rpc':
      return [
        ...pathOf(desc.parent),
        methodInService,
        desc.parent.proto.method.indexOf(desc.proto),
      ];
  }
}
