import {
  FeatureSet_VisibilityFeature_DefaultSymbolVisibility as DefaultSymbolVisibility,
  Edition,
  type FeatureSet,
  FeatureSet_EnforceNamingStyle,
  FeatureSet_EnumType,
  FeatureSet_FieldPresence,
  FeatureSet_JsonFormat,
  FeatureSet_MessageEncoding,
  FeatureSet_RepeatedFieldEncoding,
  FeatureSet_Utf8Validation,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
} from '@bufbuild/protobuf/wkt';
import { isEditions, type SchemaFile } from './schema-file.ts';
import type { DeclaredSymbol, FieldSymbol } from './symbols.ts';

/** The features in force at a declaration, each set. */
export interface ResolvedFeatures {
  readonly fieldPresence: FeatureSet_FieldPresence;
  readonly enumType: FeatureSet_EnumType;
  readonly repeatedFieldEncoding: FeatureSet_RepeatedFieldEncoding;
  readonly utf8Validation: FeatureSet_Utf8Validation;
  readonly messageEncoding: FeatureSet_MessageEncoding;
  readonly jsonFormat: FeatureSet_JsonFormat;
  readonly enforceNamingStyle: FeatureSet_EnforceNamingStyle;
  readonly defaultSymbolVisibility: DefaultSymbolVisibility;
}

const proto2: ResolvedFeatures = {
  fieldPresence: FeatureSet_FieldPresence.EXPLICIT,
  enumType: FeatureSet_EnumType.CLOSED,
  repeatedFieldEncoding: FeatureSet_RepeatedFieldEncoding.EXPANDED,
  utf8Validation: FeatureSet_Utf8Validation.NONE,
  messageEncoding: FeatureSet_MessageEncoding.LENGTH_PREFIXED,
  jsonFormat: FeatureSet_JsonFormat.LEGACY_BEST_EFFORT,
  enforceNamingStyle: FeatureSet_EnforceNamingStyle.STYLE_LEGACY,
  defaultSymbolVisibility: DefaultSymbolVisibility.EXPORT_ALL,
};

const proto3: ResolvedFeatures = {
  ...proto2,
  fieldPresence: FeatureSet_FieldPresence.IMPLICIT,
  enumType: FeatureSet_EnumType.OPEN,
  repeatedFieldEncoding: FeatureSet_RepeatedFieldEncoding.PACKED,
  utf8Validation: FeatureSet_Utf8Validation.VERIFY,
  jsonFormat: FeatureSet_JsonFormat.ALLOW,
};

const edition2023: ResolvedFeatures = {
  ...proto3,
  fieldPresence: FeatureSet_FieldPresence.EXPLICIT,
};

const edition2024: ResolvedFeatures = {
  ...edition2023,
  enforceNamingStyle: FeatureSet_EnforceNamingStyle.STYLE2024,
  defaultSymbolVisibility: DefaultSymbolVisibility.EXPORT_TOP_LEVEL,
};

/**
 * The features in force at a declaration: its own over those of what it is declared in, over the
 * defaults of the file's edition. Options have to be interpreted before.
 * Source: https://protobuf.dev/editions/features/
 */
export function featuresOf(symbol: DeclaredSymbol): ResolvedFeatures {
  let features = resolved.get(symbol);
  if (features === undefined) {
    features = withOwn(inherited(symbol), symbol.proto.options?.features);
    if (symbol.kind === 'field' && !isEditions(symbol.file)) features = legacy(symbol, features);
    resolved.set(symbol, features);
  }
  return features;
}

/** The features in force at the top of a file. */
export function fileFeatures(file: SchemaFile): ResolvedFeatures {
  let features = resolved.get(file);
  if (features === undefined) {
    features = withOwn(defaultsOf(file.edition), file.proto.options?.features);
    resolved.set(file, features);
  }
  return features;
}

const resolved = new WeakMap<object, ResolvedFeatures>();

function defaultsOf(edition: Edition): ResolvedFeatures {
  if (edition <= Edition.EDITION_PROTO2) return proto2;
  if (edition === Edition.EDITION_PROTO3) return proto3;
  return edition === Edition.EDITION_2023 ? edition2023 : edition2024;
}

function inherited(symbol: DeclaredSymbol): ResolvedFeatures {
  const parent = (symbol.kind === 'field' && symbol.oneof) || parentOf(symbol);
  return parent === undefined ? fileFeatures(symbol.file) : featuresOf(parent);
}

function parentOf(symbol: DeclaredSymbol): DeclaredSymbol | undefined {
  return symbol.kind === 'service' ? undefined : symbol.parent;
}

function withOwn(base: ResolvedFeatures, own: FeatureSet | undefined): ResolvedFeatures {
  if (own === undefined) return base;
  return {
    fieldPresence: own.fieldPresence || base.fieldPresence,
    enumType: own.enumType || base.enumType,
    repeatedFieldEncoding: own.repeatedFieldEncoding || base.repeatedFieldEncoding,
    utf8Validation: own.utf8Validation || base.utf8Validation,
    messageEncoding: own.messageEncoding || base.messageEncoding,
    jsonFormat: own.jsonFormat || base.jsonFormat,
    enforceNamingStyle: own.enforceNamingStyle || base.enforceNamingStyle,
    defaultSymbolVisibility: own.defaultSymbolVisibility || base.defaultSymbolVisibility,
  };
}

/** What proto2 and proto3 say with labels, groups and `packed`. */
function legacy({ proto }: FieldSymbol, features: ResolvedFeatures): ResolvedFeatures {
  const { label, type, options } = proto;
  const isPacked = options !== undefined && Object.hasOwn(options, 'packed');
  return {
    ...features,
    ...(label === FieldDescriptorProto_Label.REQUIRED && {
      fieldPresence: FeatureSet_FieldPresence.LEGACY_REQUIRED,
    }),
    ...(proto.proto3Optional && { fieldPresence: FeatureSet_FieldPresence.EXPLICIT }),
    ...(type === FieldDescriptorProto_Type.GROUP && {
      messageEncoding: FeatureSet_MessageEncoding.DELIMITED,
    }),
    ...(isPacked && {
      repeatedFieldEncoding: options.packed
        ? FeatureSet_RepeatedFieldEncoding.PACKED
        : FeatureSet_RepeatedFieldEncoding.EXPANDED,
    }),
  };
}

/** Whether a repeated field is encoded as one record; only numbers, bools and enums can be. */
export function isPacked(field: FieldSymbol): boolean {
  if (field.proto.label !== FieldDescriptorProto_Label.REPEATED) return false;
  if (!isPackable(field.proto.type)) return false;
  return featuresOf(field).repeatedFieldEncoding === FeatureSet_RepeatedFieldEncoding.PACKED;
}

/** Whether values of the type can be packed. */
export function isPackable(type: FieldDescriptorProto_Type): boolean {
  return (
    type !== FieldDescriptorProto_Type.STRING &&
    type !== FieldDescriptorProto_Type.BYTES &&
    type !== FieldDescriptorProto_Type.MESSAGE &&
    type !== FieldDescriptorProto_Type.GROUP
  );
}

/** Whether a message is encoded between start and end marks instead of after its length. */
export function isDelimited(field: FieldSymbol): boolean {
  return featuresOf(field).messageEncoding === FeatureSet_MessageEncoding.DELIMITED;
}
