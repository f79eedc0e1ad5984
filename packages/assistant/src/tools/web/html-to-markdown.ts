import { setImmediate } from 'node:timers/promises';
import { Parser } from 'htmlparser2';

/** Elements within each other; deeper ones are left out, with all that follows. */
const maxDepth = 512;
/** Of lists and quotes, deeper ones are indented as this. */
const maxIndent = 8;
/** Characters of Markdown: short links grow where their page has a long address. */
const maxCharacters = 8 * 1024 * 1024;
/** Of HTML, between looks at the clock. */
const chunkCharacters = 4_096;
/** How long others wait at most while a page is read, in milliseconds. */
const turnMs = 8;

export interface Markdown {
  readonly title: string;
  readonly text: string;
}

/**
 * A page as Markdown that models read: headings, lists, links (absolute), code, tables; no scripts, styles
 * or navigation of forms. One pass over the page, of any size and however broken, in time that grows with
 * its length and in turns with other work. Throws the signal's reason.
 */
export async function htmlToMarkdown(
  html: string,
  baseUrl: string,
  signal?: AbortSignal,
): Promise<Markdown> {
  const page = new Page(baseUrl);
  const parser = new Parser({
    onopentag: (name, attributes) => page.open(name, attributes),
    ontext: (text) => page.text(text),
    onclosetag: (name) => page.close(name),
  });
  let turnEnds = performance.now() + turnMs;
  for (let at = 0; at < html.length && page.cutBy === undefined; at += chunkCharacters) {
    parser.write(html.slice(at, at + chunkCharacters));
    if (performance.now() < turnEnds) continue;
    await setImmediate();
    signal?.throwIfAborted();
    turnEnds = performance.now() + turnMs;
  }
  if (page.cutBy === undefined) parser.end();
  return page.end();
}

const dropped: ReadonlySet<string> = new Set([
  'script',
  'style',
  'noscript',
  'template',
  'svg',
  'iframe',
  'canvas',
  'select',
  'button',
]);
const blocks: ReadonlySet<string> = new Set(
  [
    'p',
    'div',
    'section',
    'article',
    'main',
    'header',
    'footer',
    'nav',
    'aside',
    'ul',
    'ol',
    'dl',
  ].concat([
    'dt',
    'dd',
    'table',
    'figure',
    'figcaption',
    'form',
    'fieldset',
    'details',
    'summary',
    'address',
  ]),
);
const marks: Readonly<Record<string, string>> = {
  strong: '**',
  b: '**',
  em: '*',
  i: '*',
  del: '~~',
};

/** What has been written of a page so far. */
class Page {
  /** Why the rest is left out. */
  cutBy: string | undefined;
  readonly #baseUrl: string;
  readonly #parts: string[] = [];
  readonly #lists: { count: number | undefined }[] = [];
  readonly #links: { target: string | undefined; from: number }[] = [];
  #title = '';
  #length = 0;
  #depth = 0;
  #droppedAt: number | undefined;
  #isTitle = false;
  #preformatted = 0;
  #quotes = 0;
  /** Line ends that stand before what comes next. */
  #due = 0;
  #isSpaceDue = false;

  constructor(baseUrl: string) {
    this.#baseUrl = baseUrl;
  }

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    this.#depth++;
    if (this.#depth > maxDepth) this.cutBy ??= 'nested too deep';
    if (this.#droppedAt !== undefined) return;
    if (dropped.has(name)) this.#droppedAt = this.#depth;
    else if (name === 'title') this.#isTitle = this.#title === '';
    else if (/^h[1-6]$/.test(name)) this.#begin(2, `${'#'.repeat(Number(name[1]))} `);
    else if (name === 'br') this.#due = Math.max(this.#due, 1);
    else if (name === 'hr') this.#begin(2, '---');
    else if (name === 'pre') this.#beginCode();
    else if (name === 'code' && this.#preformatted === 0) this.#write('`');
    else if (name === 'blockquote') this.#quote(1);
    else if (name === 'li') this.#beginItem();
    else if (name === 'tr') this.#begin(1, '|');
    else if (name === 'td' || name === 'th') this.#isSpaceDue = true;
    else if (name === 'img') this.#image(attributes);
    else if (name === 'a') this.#beginLink(attributes.href);
    else if (name === 'ul' || name === 'ol') this.#beginList(name === 'ol');
    else if (blocks.has(name)) this.#break(2);
    else if (marks[name] !== undefined) this.#write(marks[name]);
  }

  text(text: string): void {
    if (this.#droppedAt !== undefined) return;
    if (this.#isTitle) this.#title += text;
    else if (this.#preformatted > 0) this.#write(text);
    else {
      const plain = text.replace(/\s+/g, ' ');
      if (plain.startsWith(' ')) this.#isSpaceDue = true;
      const words = plain.trim();
      if (words === '') return;
      this.#write(words);
      this.#isSpaceDue = plain.endsWith(' ');
    }
  }

  close(name: string): void {
    this.#depth--;
    if (this.#droppedAt !== undefined) {
      if (this.#depth < this.#droppedAt) this.#droppedAt = undefined;
      return;
    }
    if (name === 'title') this.#isTitle = false;
    else if (name === 'pre') this.#endCode();
    else if (name === 'code' && this.#preformatted === 0) this.#mark('`');
    else if (name === 'blockquote') this.#quote(-1);
    else if (name === 'td' || name === 'th') this.#write(' |');
    else if (name === 'a') this.#endLink();
    else if (name === 'ul' || name === 'ol') this.#endList();
    else if (/^h[1-6]$/.test(name) || blocks.has(name)) this.#break(2);
    else if (name === 'li' || name === 'tr') this.#break(1);
    else if (marks[name] !== undefined) this.#mark(marks[name]);
  }

  end(): Markdown {
    const lines = this.#parts.join('').split('\n');
    const text = lines
      .map((line) => line.trimEnd())
      .join('\n')
      .trim();
    const cut =
      this.cutBy === undefined ? '' : `\n\n(The page is ${this.cutBy}: the rest is left out.)`;
    return { title: this.#title.replace(/\s+/g, ' ').trim(), text: text + cut };
  }

  #break(lines: number): void {
    if (this.#parts.length > 0) this.#due = Math.max(this.#due, lines);
    this.#isSpaceDue = false;
  }

  #begin(lines: number, text: string): void {
    this.#break(lines);
    this.#write(text);
    this.#isSpaceDue = false;
  }

  /** A mark that ends what stands right before it. */
  #mark(mark: string): void {
    const wasSpaceDue = this.#isSpaceDue;
    this.#isSpaceDue = false;
    this.#write(mark);
    this.#isSpaceDue = wasSpaceDue;
  }

  #write(text: string): void {
    const quote = '> '.repeat(indent(this.#quotes));
    if (this.#parts.length === 0) this.#push(quote);
    else if (this.#due > 0) this.#push('\n'.repeat(this.#due) + quote);
    else if (this.#isSpaceDue) this.#push(' ');
    this.#due = 0;
    this.#isSpaceDue = false;
    this.#push(text);
  }

  #push(text: string): void {
    this.#parts.push(text);
    this.#length += text.length;
    if (this.#length > maxCharacters) this.cutBy ??= 'too long';
  }

  #beginCode(): void {
    this.#begin(2, '```\n');
    this.#preformatted++;
  }

  #endCode(): void {
    this.#preformatted = Math.max(0, this.#preformatted - 1);
    this.#due = this.#parts.at(-1)?.endsWith('\n') ? 0 : 1;
    this.#write('```');
    this.#break(2);
  }

  #quote(change: 1 | -1): void {
    this.#break(2);
    this.#quotes = Math.max(0, this.#quotes + change);
  }

  #beginList(isNumbered: boolean): void {
    this.#break(this.#lists.length > 0 ? 1 : 2);
    this.#lists.push({ count: isNumbered ? 0 : undefined });
  }

  #endList(): void {
    this.#lists.pop();
    this.#break(this.#lists.length > 0 ? 1 : 2);
  }

  #beginItem(): void {
    const list = this.#lists.at(-1);
    if (list?.count !== undefined) list.count++;
    const mark = list?.count === undefined ? '- ' : `${list.count}. `;
    this.#begin(1, `${'  '.repeat(indent(this.#lists.length - 1))}${mark}`);
  }

  #image({ alt, src }: Readonly<Record<string, string>>): void {
    const target = this.#absolute(src ?? '');
    if (alt && target !== undefined) this.#write(`![${alt}](${target})`);
  }

  /** A link in a link is none. */
  #beginLink(href = ''): void {
    const target = this.#links.length === 0 ? this.#absolute(href) : undefined;
    this.#links.push({ target, from: this.#parts.length });
  }

  #endLink(): void {
    const link = this.#links.pop();
    if (link?.target === undefined) return;
    const all = this.#parts.slice(link.from).join('');
    const said = all.trim();
    if (said === '' || said.includes('\n')) return;
    this.#parts.length = link.from;
    this.#push(`${all.startsWith(' ') ? ' ' : ''}[${said}](${link.target})`);
  }

  /** Undefined for what is no address of a page: scripts, places in this one. */
  #absolute(target: string): string | undefined {
    if (target === '' || target.startsWith('#')) return undefined;
    const url = URL.parse(target, this.#baseUrl);
    return url?.protocol === 'http:' || url?.protocol === 'https:' ? url.href : undefined;
  }
}

function indent(depth: number): number {
  return Math.min(Math.max(0, depth), maxIndent);
}
