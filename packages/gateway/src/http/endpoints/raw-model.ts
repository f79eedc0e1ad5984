import { refuseTwoModels, twoModels } from '../one-model.ts';
import { spliceJson } from '../splice-json.ts';
import { formParts } from './form-parts.ts';

/** The model that a body names, and where, in JSON or in a form's field. */
export interface NamedModel {
  model: string;
  /** Where the value stands in a form's bytes; absent in JSON. */
  span?: { start: number; end: number };
}

/**
 * Finds the field `model` in a JSON body or in a multipart form; undefined where there is none.
 * Throws `invalid_argument` where it stands more than once.
 */
export function namedModel(body: Uint8Array, contentType: string): NamedModel | undefined {
  if (body.length === 0) return undefined;
  const type = contentType.toLowerCase();
  if (type.startsWith('multipart/form-data'))
    return modelOfForm(Buffer.from(body.buffer, body.byteOffset, body.length), contentType);
  return type.startsWith('application/json') ? modelOfJson(body) : undefined;
}

/** The same body with another model's name; every other byte stays. */
export function replaceModel(body: Uint8Array, named: NamedModel, model: string): Uint8Array {
  if (!named.span) return Buffer.from(spliceJson(new TextDecoder().decode(body), { model }));
  return Buffer.concat([
    body.subarray(0, named.span.start),
    Buffer.from(model),
    body.subarray(named.span.end),
  ]);
}

function modelOfJson(bytes: Uint8Array): NamedModel | undefined {
  const text = new TextDecoder().decode(bytes);
  const body = parsed(text);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  refuseTwoModels(text, body as Record<string, unknown>);
  const { model } = body as { model?: unknown };
  return typeof model === 'string' && model ? { model } : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function modelOfForm(body: Buffer, contentType: string): NamedModel | undefined {
  let found: NamedModel | undefined;
  for (const { end, head, start } of formParts(body, contentType)) {
    if (!namesModel(head)) continue;
    if (found) throw twoModels('model stands more than once');
    found = { model: body.toString('utf8', start, end), span: { start, end } };
  }
  return found?.model ? found : undefined;
}

const parameters = /;\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\r\n]*))/g;

/** Whether a part's headers say that it is the field `model`. */
function namesModel(head: string): boolean {
  const [, disposition] = /^content-disposition\s*:(.*)$/im.exec(head) ?? [];
  if (disposition === undefined) return false;
  for (const [, name, quoted, plain] of disposition.matchAll(parameters)) {
    const value = (quoted ?? plain ?? '').trim().toLowerCase();
    if (name?.toLowerCase() === 'name' && value === 'model') return true;
  }
  return false;
}
