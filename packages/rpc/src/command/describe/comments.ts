import type { DescFile } from '@bufbuild/protobuf';
import type {
  DescriptorProto,
  EnumDescriptorProto,
  ServiceDescriptorProto,
  SourceCodeInfo_Location,
} from '@bufbuild/protobuf/wkt';

/** What the source says around a declaration, as lines without `//`. */
export interface Comments {
  readonly before: readonly string[];
  readonly behind: readonly string[];
}

const none: Comments = { before: [], behind: [] };
const indexes = new WeakMap<DescFile, ReadonlyMap<object, Comments>>();

/** The comments of a declaration by its descriptor's `proto`; none where the file has no source. */
export function commentsOf(file: DescFile, proto: object): Comments {
  const index = indexes.get(file) ?? indexComments(file);
  indexes.set(file, index);
  return index.get(proto) ?? none;
}

type Note = (proto: object, path: string) => void;

/**
 * The numbers are those of the fields of descriptor.proto that lead to the declaration.
 * Source: google/protobuf/descriptor.proto, SourceCodeInfo.Location.path.
 */
function indexComments({ proto: file }: DescFile): ReadonlyMap<object, Comments> {
  const index = new Map<object, Comments>();
  const locations = new Map<string, SourceCodeInfo_Location>();
  for (const location of file.sourceCodeInfo?.location ?? []) {
    locations.set(location.path.join(','), location);
  }
  if (locations.size === 0) return index;
  const note: Note = (proto, path) => {
    const location = locations.get(path);
    if (location === undefined) return;
    const { leadingComments, trailingComments } = location;
    index.set(proto, { before: linesOf(leadingComments), behind: linesOf(trailingComments) });
  };
  const enumeration = (proto: EnumDescriptorProto, path: string): void => {
    note(proto, path);
    each(proto.value, `${path},2`, note);
  };
  const message = (proto: DescriptorProto, path: string): void => {
    note(proto, path);
    each(proto.field, `${path},2`, note);
    each(proto.nestedType, `${path},3`, message);
    each(proto.enumType, `${path},4`, enumeration);
    each(proto.extension, `${path},6`, note);
    each(proto.oneofDecl, `${path},8`, note);
  };
  const service = (proto: ServiceDescriptorProto, path: string): void => {
    note(proto, path);
    each(proto.method, `${path},2`, note);
  };
  each(file.messageType, '4', message);
  each(file.enumType, '5', enumeration);
  each(file.service, '6', service);
  each(file.extension, '7', note);
  return index;
}

function each<T>(list: readonly T[], path: string, visit: (proto: T, path: string) => void): void {
  for (const [i, proto] of list.entries()) visit(proto, `${path},${i}`);
}

/** Without the blank that follows `//`, and without empty lines around. */
function linesOf(text: string): string[] {
  const lines = text.split('\n').map((line) => line.replace(/^ /, '').trimEnd());
  while (lines.at(-1) === '') lines.pop();
  while (lines[0] === '') lines.shift();
  return lines;
}
