import { Edition, type FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import type { SchemaLimits } from '../schema-limits.ts';
import { type SourceText, TooManyProblems } from '../source-text.ts';
import { parseEnum } from './parse-enum.ts';
import { parseExtend } from './parse-extend.ts';
import type { FieldTarget } from './parse-field.ts';
import { parseMessage, parseMessageBlock } from './parse-message.ts';
import { parseOptionStatement } from './parse-option.ts';
import { parseService } from './parse-service.ts';
import { ParseState } from './parse-state.ts';
import { parseVisibility } from './parse-visibility.ts';
import type { ParsedFile } from './parsed-file.ts';

/**
 * Reads a source into a descriptor that is not linked yet. What is wrong goes to
 * `source.problems`; what could be read is there all the same.
 * Source: https://protobuf.com/docs/language-spec
 */
export function parseFile(source: SourceText, limits: SchemaLimits): ParsedFile {
  const state = new ParseState(source, limits);
  state.proto.name = source.name;
  try {
    parseStatements(state);
  } catch (error) {
    if (!(error instanceof TooManyProblems)) throw error;
  }
  return state.finish();
}

function parseStatements(state: ParseState): void {
  const root = state.open([]);
  if (state.at('syntax') || state.at('edition')) {
    if (!parseSyntax(state)) return;
  } else {
    state.source.warn(state.current, 'no syntax or edition; proto2 is taken, say so at the top');
  }
  while (!state.isAtEnd) {
    if (state.acceptEnd(';')) continue;
    state.attempt(() => parseStatement(state));
    if (!state.at('}')) continue;
    state.report('"}" closes nothing; remove it');
    state.acceptEnd('}');
  }
  state.close(root);
}

const editions: ReadonlyMap<string, Edition> = new Map([
  ['2023', Edition.EDITION_2023],
  ['2024', Edition.EDITION_2024],
]);

/** False when nothing is known of the language that the rest is in. */
function parseSyntax(state: ParseState): boolean {
  let isKnown = false;
  state.attempt(() => {
    const location = state.open([12]);
    const keyword = state.take();
    state.expect('=', `after "${keyword.text}"`);
    const value = state.current;
    const text = state.string(`a value of ${keyword.text}`);
    isKnown = keyword.text === 'edition' ? setEdition(state, text) : setSyntax(state, text);
    if (!isKnown) {
      const known = keyword.text === 'edition' ? '"2023" or "2024"' : '"proto2" or "proto3"';
      state.report(`${keyword.text} "${text}" is not known; write ${known}`, value);
    }
    state.expectEnd(';', location, `after the ${keyword.text}`);
    state.close(location);
  });
  return isKnown;
}

function setEdition(state: ParseState, text: string): boolean {
  const edition = editions.get(text);
  if (edition === undefined) return false;
  state.syntax = 'editions';
  state.edition = edition;
  state.proto.syntax = 'editions';
  state.proto.edition = edition;
  return true;
}

function setSyntax(state: ParseState, text: string): boolean {
  if (text === 'proto3') {
    state.syntax = 'proto3';
    state.proto.syntax = 'proto3';
  }
  return text === 'proto2' || text === 'proto3';
}

function parseStatement(state: ParseState): void {
  const file = state.proto;
  const visibility = parseVisibility(state);
  switch (state.current.text) {
    case 'message':
      parseMessage(state, file.messageType, [4], visibility);
      break;
    case 'enum':
      parseEnum(state, file.enumType, [5], visibility);
      break;
    case 'service':
      parseService(state, file);
      break;
    case 'extend':
      parseExtend(state, extensionTarget(file));
      break;
    case 'import':
      parseImport(state, file);
      break;
    case 'package':
      parsePackage(state, file);
      break;
    case 'option':
      parseOptionStatement(state, file, [8]);
      break;
    default:
      failStatement(state);
  }
}

function extensionTarget(file: FileDescriptorProto): FieldTarget {
  return {
    fields: file.extension,
    messages: file.messageType,
    fieldsPath: [7],
    messagesPath: [4],
    parseBody: parseMessageBlock,
  };
}

function failStatement(state: ParseState): never {
  if (state.at('syntax') || state.at('edition')) {
    state.fail(`"${state.current.text}" stands once, before all else; move or remove it`);
  }
  return state.fail(
    `expected message, enum, service, extend, import, package or option, not ${state.found()}`,
  );
}

/** As protoc. */
const maxPackageLength = 512;
const maxPackageParts = 101;

function parsePackage(state: ParseState, file: FileDescriptorProto): void {
  const location = state.open([2]);
  const start = state.take();
  if (Object.hasOwn(file, 'package')) state.report('a second package; remove one', start);
  state.places.set(file, 'name', state.current);
  let name = state.identifier('the name of a package').text;
  while (state.accept('.')) name += `.${state.identifier('a name after "."').text}`;
  if (name.length > maxPackageLength || name.split('.').length > maxPackageParts) {
    state.report(
      `the package is longer than ${maxPackageLength} characters or ${maxPackageParts} parts; ` +
        'shorten it',
      start,
    );
  }
  file.package = name;
  state.expectEnd(';', location, 'after the package');
  state.close(location);
}

/** `import "FILE";`, with `public`, `weak` or, from edition 2024 on, `option` before the name. */
function parseImport(state: ParseState, file: FileDescriptorProto): void {
  const start = state.take();
  if (state.at('option')) {
    parseOptionImport(state, file);
    return;
  }
  const location = state.open([3, file.dependency.length], start);
  if (file.optionDependency.length > 0) {
    state.report('imports stand before the option imports; move this one up', start);
  }
  const modifier = state.current;
  if (state.accept('public')) {
    state.mark([10, file.publicDependency.length], modifier);
    file.publicDependency.push(file.dependency.length);
  } else if (state.accept('weak')) {
    if (state.edition >= Edition.EDITION_2024) {
      state.report('there is no weak import from edition 2024 on; write import option', modifier);
    }
    state.mark([11, file.weakDependency.length], modifier);
    file.weakDependency.push(file.dependency.length);
  }
  state.places.set(file, 'type', state.current, file.dependency.length);
  file.dependency.push(state.string('the name of a file'));
  state.expectEnd(';', location, 'after the import');
  state.close(location);
}

function parseOptionImport(state: ParseState, file: FileDescriptorProto): void {
  if (state.edition < Edition.EDITION_2024) {
    state.report('import option is of edition 2024 on; write import');
  }
  const location = state.open([15, file.optionDependency.length], state.previous);
  state.take();
  state.places.set(file, 'end', state.current, file.optionDependency.length);
  file.optionDependency.push(state.string('the name of a file'));
  state.expectEnd(';', location, 'after the import');
  state.close(location);
}
