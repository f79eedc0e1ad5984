import {
  FeatureSet_VisibilityFeature_DefaultSymbolVisibility as DefaultSymbolVisibility,
  Edition,
  FeatureSet_EnforceNamingStyle,
  FeatureSet_FieldPresence,
  FileOptions_OptimizeMode,
  SymbolVisibility,
} from '@bufbuild/protobuf/wkt';
import { fileFeatures } from '../linker/features.ts';
import { isEditions, type SchemaFile } from '../linker/schema-file.ts';
import type { EnumSymbol, MessageSymbol } from '../linker/symbols.ts';
import { validateEnum } from './validate-enum.ts';
import { validateField } from './validate-field.ts';
import { validateMessage } from './validate-message.ts';
import { checkName } from './validate-names.ts';

/**
 * Reports what is wrong in a linked file beyond its syntax and names.
 * Source: https://protobuf.com/docs/language-spec
 */
export function validateFile(file: SchemaFile): void {
  validateImports(file);
  validateFileOptions(file);
  if (fileFeatures(file).enforceNamingStyle === FeatureSet_EnforceNamingStyle.STYLE2024) {
    checkName(file, file.proto, { what: 'package', style: 'package', name: file.proto.package });
  }
  for (const message of file.messages) visitMessage(message);
  for (const enumeration of file.enums) visitEnum(enumeration);
  for (const extension of file.extensions) validateField(extension);
  for (const service of file.services) {
    checkName(service, service.proto, {
      what: 'service',
      style: 'title',
      name: service.proto.name,
    });
    for (const method of service.methods) {
      checkName(method, method.proto, { what: 'method', style: 'title', name: method.proto.name });
    }
  }
}

function visitMessage(message: MessageSymbol): void {
  validateMessage(message);
  validateStrictVisibility(message);
  for (const field of message.fields) validateField(field);
  for (const extension of message.extensions) validateField(extension);
  for (const nested of message.messages) visitMessage(nested);
  for (const nested of message.enums) visitEnum(nested);
}

function visitEnum(enumeration: EnumSymbol): void {
  validateEnum(enumeration);
  validateStrictVisibility(enumeration);
}

/** Under STRICT what is nested is local. */
function validateStrictVisibility(symbol: MessageSymbol | EnumSymbol): void {
  const { parent, proto, file } = symbol;
  if (parent === undefined || proto.visibility !== SymbolVisibility.VISIBILITY_EXPORT) return;
  if (fileFeatures(file).defaultSymbolVisibility !== DefaultSymbolVisibility.STRICT) return;
  if (symbol.kind === 'enum' && isEnumNamespace(parent)) return;
  file.report(
    proto,
    'name',
    `${proto.name} is nested and cannot be exported with STRICT visibility; ` +
      'move it out of the message',
  );
}

/** `local message M { export enum E { … } reserved 1 to max; }` is how enums get a namespace. */
function isEnumNamespace({ parent, proto, fields }: MessageSymbol): boolean {
  const [range, ...more] = proto.reservedRange;
  const isReserved = range?.start === 1 && range.end === 536_870_912 && more.length === 0;
  const isLocal = proto.visibility !== SymbolVisibility.VISIBILITY_EXPORT;
  return parent === undefined && isLocal && isReserved && fields.length === 0;
}

function validateImports(file: SchemaFile): void {
  const { proto } = file;
  const seen = new Set<string>();
  const check = (name: string, part: 'type' | 'end', index: number): void => {
    if (seen.has(name)) {
      file.report(proto, part, `${name} is imported twice; remove one import`, index);
    }
    seen.add(name);
  };
  for (const [index, name] of proto.dependency.entries()) check(name, 'type', index);
  for (const [index, name] of proto.optionDependency.entries()) check(name, 'end', index);
  const handedOn = new Set(proto.publicDependency);
  for (const [index, imported] of file.imports.entries()) {
    if (handedOn.has(index) || imported.exports(file.used)) continue;
    const message = `nothing of ${imported.proto.name} is used; remove the import`;
    file.source?.warn(file.place(proto, 'type', index), message);
  }
}

function validateFileOptions(file: SchemaFile): void {
  const { proto } = file;
  const at = file.options(proto)[0];
  if (isEditions(file)) {
    if (fileFeatures(file).fieldPresence === FeatureSet_FieldPresence.LEGACY_REQUIRED) {
      file.source?.report(
        at,
        'field_presence = LEGACY_REQUIRED is for single fields; set it there',
      );
    }
    if (proto.options?.javaStringCheckUtf8 === true) {
      file.source?.report(
        at,
        'java_string_check_utf8 is not for editions; set features.(pb.java).utf8_validation',
      );
    }
  }
  const isLite = proto.options?.optimizeFor === FileOptions_OptimizeMode.LITE_RUNTIME;
  if (isLite || file.edition > Edition.EDITION_2024) return;
  for (const [index, imported] of file.imports.entries()) {
    if (imported.proto.options?.optimizeFor !== FileOptions_OptimizeMode.LITE_RUNTIME) continue;
    file.report(
      proto,
      'type',
      `${imported.proto.name} is optimized for LITE_RUNTIME, so only files that are may import it`,
      index,
    );
  }
}
