import { lowerCamelCase } from './field-table.ts';
import { described, jsonFault } from './json-fault.ts';
import type { JsonForm } from './json-form.ts';

/** `google.protobuf.FieldMask` is its paths in lowerCamelCase with commas between them. */
export const fieldMaskForm: JsonForm = {
  write: (message) => ((message.paths ?? []) as readonly string[]).map(pathToJson).join(','),
  read: (message, json) => {
    if (typeof json !== 'string') throw jsonFault(`expected a string, not ${described(json)}`);
    message.paths = json === '' ? [] : json.split(',').map(pathFromJson);
  },
};

function pathToJson(path: string): string {
  const json = lowerCamelCase(path);
  if (snakeCase(json) === path) return json;
  throw jsonFault(`the path ${described(path)} cannot be said in lowerCamelCase`);
}

function pathFromJson(path: string): string {
  if (path.includes('_')) throw jsonFault(`the path ${described(path)} is not in lowerCamelCase`);
  return snakeCase(path);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
