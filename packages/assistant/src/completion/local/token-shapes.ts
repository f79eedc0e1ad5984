import type { Vocabulary } from './vocabulary.ts';

/** What names and literals look like, as negative numbers: no id of a token is one. */
const shapes = { name: -1, typeName: -2, constantName: -3, string: -4, template: -5, number: -6 };

/**
 * Tokens without what is only a choice of names: signs and keywords are themselves, and of names, strings and
 * numbers the kind remains. Code that was never seen looks, by its shapes, like code that was.
 */
export class TokenShapes {
  readonly #vocabulary: Vocabulary;
  /** By id; 0 is not asked yet. */
  #known = new Int32Array(1 << 10);

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  /** Negative for names and literals, else the id itself. */
  of(id: number): number {
    if (id >= this.#known.length) this.#grow(id);
    const known = this.#known[id] as number;
    if (known !== 0) return known;
    const shape = shapeOf(this.#vocabulary.text(id), id);
    this.#known[id] = shape;
    return shape;
  }

  /** A word that somebody chose. */
  isName(id: number): boolean {
    const shape = this.of(id);
    return shape < 0 && shape >= shapes.constantName;
  }

  isLiteral(id: number): boolean {
    return this.of(id) <= shapes.string;
  }

  #grow(id: number): void {
    const known = new Int32Array(Math.max(id + 1, this.#known.length * 2));
    known.set(this.#known);
    this.#known = known;
  }
}

/** Of a token's text, which need not have an id of its own. */
export function shapeOf(text: string, id: number): number {
  const code = text.charCodeAt(0);
  if (code === 34 || code === 39) return shapes.string;
  if (code === 96) return shapes.template;
  if (code >= 48 && code <= 57) return shapes.number;
  const isUpper = code >= 65 && code <= 90;
  const isWord = isUpper || (code >= 97 && code <= 122) || code === 95 || code === 36;
  if (!(isWord || code >= 128) || keywords.has(text)) return id;
  if (!isUpper) return shapes.name;
  return /^[A-Z][A-Z0-9_]+$/.test(text) ? shapes.constantName : shapes.typeName;
}

/** Of all languages together: a name that is a keyword elsewhere is only told apart more finely. */
const keywords = new Set(
  (
    'abstract and as assert async await auto bool boolean break byte case catch char class const constructor ' +
    'continue declare def default defer del delete do double elif else elsif end ensure enum except export ' +
    'extends extern false False final finally float fn for foreach from func function get global go goto if impl ' +
    'implements import in infer instanceof int interface is keyof let long loop match mod module move mut ' +
    'namespace never new nil None not null number object of operator or override package pass private ' +
    'protected pub public raise range readonly ref require rescue return satisfies self Self set short ' +
    'signed sizeof static string struct super switch template then this throw throws trait true True try type ' +
    'typedef typeof undefined union unknown unsafe unsigned until use using val var virtual void volatile when ' +
    'where while with yield any'
  ).split(' '),
);
