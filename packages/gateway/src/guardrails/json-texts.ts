import type { TextForm } from './text-rule.ts';

/** Names of members, and places in lists. */
export type JsonPath = readonly (string | number)[];

/** Gives the text to put in the place of one, or undefined where it stays. `isName`: of the member at this path. */
export type EditText = (
  text: string,
  path: JsonPath,
  form: TextForm,
  isName: boolean,
) => string | undefined;

/**
 * Goes through all texts of a JSON document in their order and puts others in the place of some; every
 * other byte stays, a member that stands twice is gone through twice. `json` must be valid. Texts are
 * strings, numbers of 12 digits and more, which may be somebody's card, and in what tools take and give the
 * names of members. Not shown are strings that only say how others are to be read (`role`, `type`, ids).
 */
export function editTexts(json: string, edit: EditText): string {
  return new Walk(json, edit).result();
}

/** `messages[1].content`. */
export function pathText(path: JsonPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text;
}

/** Members that hold no words of anybody's, where the API says what members there are. */
const structural: ReadonlySet<string> = new Set([
  'type',
  'role',
  'id',
  'object',
  'model',
  'index',
  'tool_call_id',
  'call_id',
  'tool_use_id',
  'item_id',
  'response_id',
  'previous_response_id',
  'container_id',
  'file_id',
  'seed',
  'signature',
  'thoughtSignature',
  'thought_signature',
  'encrypted_content',
  'system_fingerprint',
  'obfuscation',
  'status',
  'finish_reason',
  'stop_reason',
  'media_type',
  'mimeType',
  'mime_type',
  'created_at',
  'createTime',
  'responseId',
  'modelVersion',
]);

/** Members whose objects are made of whatever a tool takes or gives. */
const freeForm: ReadonlySet<string> = new Set([
  'input',
  'args',
  'arguments',
  'response',
  'result',
  'metadata',
  'properties',
]);

/** Members whose strings are JSON. */
const jsonMembers: ReadonlySet<string> = new Set(['arguments', 'partial_json']);

const minDigits = 12;
const quote = 34;
const backslash = 92;

class Walk {
  readonly #json: string;
  readonly #edit: EditText;
  readonly #path: (string | number)[] = [];
  /** For every open bracket, whether names of members come there. */
  readonly #inObject: boolean[] = [];
  #nameIsNext = false;
  #edited = '';
  #copied = 0;

  constructor(json: string, edit: EditText) {
    this.#json = json;
    this.#edit = edit;
  }

  result(): string {
    const json = this.#json;
    for (let at = 0; at < json.length; ) {
      const unit = json.charCodeAt(at);
      if (unit === quote) at = this.#string(at);
      else if (unit === 45 || (unit >= 48 && unit <= 57)) at = this.#number(at);
      else at = this.#mark(unit, at);
    }
    return this.#copied === 0 ? json : this.#edited + json.slice(this.#copied);
  }

  #mark(unit: number, at: number): number {
    switch (unit) {
      case 123: // {
        this.#inObject.push(true);
        this.#nameIsNext = true;
        this.#path.push('');
        break;
      case 91: // [
        this.#inObject.push(false);
        this.#nameIsNext = false;
        this.#path.push(0);
        break;
      case 125: // }
      case 93: // ]
        this.#inObject.pop();
        this.#path.pop();
        this.#nameIsNext = false;
        break;
      case 44: // ,
        this.#nameIsNext = this.#inObject.at(-1) ?? false;
        if (!this.#nameIsNext) this.#path.push(((this.#path.pop() as number) ?? 0) + 1);
        break;
    }
    return at + 1;
  }

  #string(start: number): number {
    const end = stringEnd(this.#json, start);
    const inner = this.#json.slice(start + 1, end - 1);
    const text = inner.includes('\\') ? String(JSON.parse(this.#json.slice(start, end))) : inner;
    if (this.#nameIsNext) {
      this.#nameIsNext = false;
      this.#path[this.#path.length - 1] = text;
      if (this.#isFreeForm()) this.#offer(text, 'plain', start, end, true);
      return end;
    }
    const name = this.#path.at(-1);
    if (!this.#isStructural(name)) {
      const form = typeof name === 'string' && jsonMembers.has(name) ? 'json' : 'plain';
      this.#offer(text, form, start, end, false);
    }
    return end;
  }

  #number(start: number): number {
    let end = start + 1;
    while (isDigit(this.#json.charCodeAt(end))) end++;
    const isWhole = !isOfNumber(this.#json.charCodeAt(end));
    while (isOfNumber(this.#json.charCodeAt(end))) end++;
    if (isWhole && end - start >= minDigits && !this.#isStructural(this.#path.at(-1))) {
      this.#offer(this.#json.slice(start, end), 'plain', start, end, false);
    }
    return end;
  }

  #isStructural(name: string | number | undefined): boolean {
    return typeof name === 'string' && structural.has(name) && !this.#isFreeForm();
  }

  /** Whether this is below an object whose members are not the API's. */
  #isFreeForm(): boolean {
    const path = this.#path;
    for (let at = 0; at < path.length - 1; at++) {
      const member = path[at];
      if (typeof member === 'string' && typeof path[at + 1] === 'string' && freeForm.has(member)) {
        return true;
      }
    }
    return false;
  }

  #offer(text: string, form: TextForm, start: number, end: number, isName: boolean): void {
    const edited = this.#edit(text, this.#path, form, isName);
    if (edited === undefined || edited === text) return;
    this.#edited += this.#json.slice(this.#copied, start) + JSON.stringify(edited);
    this.#copied = end;
  }
}

/** The index after the closing quote. */
function stringEnd(json: string, start: number): number {
  let end = json.indexOf('"', start + 1);
  while (isEscaped(json, end)) end = json.indexOf('"', end + 1);
  return end < 0 ? json.length : end + 1;
}

function isEscaped(json: string, at: number): boolean {
  let first = at;
  while (json.charCodeAt(first - 1) === backslash) first--;
  return at >= 0 && (at - first) % 2 === 1;
}

function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57;
}

/** A digit, or a mark that numbers have. */
function isOfNumber(unit: number): boolean {
  return isDigit(unit) || unit === 46 || unit === 43 || unit === 45 || (unit | 32) === 101;
}
