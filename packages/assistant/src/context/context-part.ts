import type { ModelPart } from '../model/model-client.ts';

const opening = '<project-context ';
const closing = '</project-context>';
/** What stands for the end mark inside of a text. */
const harmless = '<\\/project-context>';

/** Named facts about a part: `{ kind: 'file', path: 'src/a.ts' }`. */
export type ContextFacts = Readonly<{ kind: string } & Record<string, string | number | undefined>>;

/**
 * Text that zeke puts beside the user's words, marked so that a model takes it for data of the
 * project, and a compaction does not take it for the user's words. What stands in it cannot end it.
 */
export function contextPart(facts: ContextFacts, text: string): ModelPart {
  const attributes = Object.entries(facts)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}="${quoted(String(value))}"`)
    .join(' ');
  const body = text.replaceAll(closing, harmless).replace(/\n+$/, '');
  return { type: 'text', text: `${opening}${attributes}>\n${body}\n${closing}` };
}

/** Whether a part is one of these, and none of the user's words. */
export function isContextPart(part: ModelPart): boolean {
  return part.type === 'text' && part.text.startsWith(opening) && part.text.endsWith(closing);
}

function quoted(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/\s+/g, ' ');
}
