import { Edition, type FieldOptions_FeatureSupport } from '@bufbuild/protobuf/wkt';
import type { SchemaFile } from '../linker/schema-file.ts';
import type { FieldSymbol } from '../linker/symbols.ts';
import type { Place } from '../source-text.ts';
import type { OptionUse } from './option-context.ts';

/** Reports a field of options that is not for the kind of declaration, or for the edition. */
export function checkUse(file: SchemaFile, { holder, field, place }: OptionUse): void {
  const { target, name } = holder.kind;
  const targets = field.proto.options?.targets ?? [];
  if (targets.length > 0 && !targets.includes(target)) {
    file.source?.report(place, `${field.fullName} is not for ${name}; remove it`);
  }
  const support = field.proto.options?.featureSupport ?? descriptorSupport[field.fullName];
  if (support !== undefined) checkEdition(file, field, support, place);
}

type Support = Partial<
  Pick<
    FieldOptions_FeatureSupport,
    | 'editionIntroduced'
    | 'editionRemoved'
    | 'removalError'
    | 'editionDeprecated'
    | 'deprecationWarning'
  >
>;

function checkEdition(file: SchemaFile, field: FieldSymbol, support: Support, place: Place): void {
  const { editionIntroduced = 0, editionRemoved = 0, editionDeprecated = 0 } = support;
  if (file.edition < editionIntroduced) {
    const since = editionName(editionIntroduced);
    file.source?.report(place, `${field.fullName} is new in ${since}; remove it`);
  } else if (editionRemoved !== 0 && file.edition >= editionRemoved) {
    const why = support.removalError === undefined ? '' : `: ${support.removalError}`;
    file.source?.report(
      place,
      `${field.fullName} is gone since ${editionName(editionRemoved)}; remove it${why}`,
    );
  } else if (editionDeprecated !== 0 && file.edition >= editionDeprecated) {
    const why = support.deprecationWarning ?? '';
    file.source?.warn(place, `${field.fullName} is deprecated: ${why}`);
  }
}

function editionName(edition: Edition): string {
  const name = Edition[edition] ?? String(edition);
  return name
    .replace(/^EDITION_(\d)/, 'edition $1')
    .replace(/^EDITION_/, '')
    .toLowerCase();
}

/** What descriptor.proto says of its own options, which embedded descriptors leave out. */
const descriptorSupport: Readonly<Record<string, Support>> = {
  'google.protobuf.FileOptions.java_multiple_files': {
    editionRemoved: Edition.EDITION_2024,
    removalError: 'files are multiple; set features.(pb.java).nest_in_file_class = YES where not',
  },
  'google.protobuf.FeatureSet.enforce_naming_style': { editionIntroduced: Edition.EDITION_2024 },
  'google.protobuf.FeatureSet.default_symbol_visibility': {
    editionIntroduced: Edition.EDITION_2024,
  },
  'google.protobuf.FeatureSet.enforce_proto_limits': { editionIntroduced: Edition.EDITION_2026 },
};
