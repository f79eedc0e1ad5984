/**
 * A text with control characters, and those that turn the direction of writing, as escapes: what a
 * server says must not move the cursor or hide itself. Line breaks stay where `lines` says so.
 */
export function printable(text: string, keep: 'nothing' | 'lines' = 'nothing'): string {
  return text.replace(unprintable, (character) => {
    if (keep === 'lines' && character === '\n') return character;
    return shortEscapes[character] ?? escaped(character);
  });
}

/** The same for a JSON text, which means the same afterwards. */
export function printableJson(json: string): string {
  return json.replace(unprintableInJson, escaped);
}

const unprintable = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;
/** JSON has escapes for those below U+0020 itself, and has line breaks between values. */
const unprintableInJson = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
