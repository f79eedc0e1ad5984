import type {
  CallToolResult,
  ContentBlock,
  ReadResourceResult,
} from '@modelcontextprotocol/client';
import { isDeeperThan, maxJsonDepth } from '@zeke/foundation';

/** The largest image, sound or file in a result, in bytes of base64; one that is larger is left out. */
export const maxMediaBytes = 5 * 1024 * 1024;
/** Parts of a result. */
export const maxResultParts = 100;

/** A result no larger than it may be. What was cut or left out is said where it was. */
export function cappedResult(result: CallToolResult, maxBytes: number): CallToolResult {
  let left = maxBytes;
  const content: ContentBlock[] = [];
  for (const block of (result.content ?? []).slice(0, maxResultParts)) {
    const capped = cappedBlock(block, left);
    if (capped.type === 'text') left = Math.max(0, left - capped.text.length);
    content.push(capped);
  }
  const missing = (result.content?.length ?? 0) - content.length;
  if (missing > 0) content.push(note(`${missing} more parts were left out`));
  const { structuredContent, ...rest } = result;
  if (structuredContent === undefined) return { ...rest, content };
  if (isSmall(structuredContent, maxBytes)) return { ...rest, content, structuredContent };
  content.push(note(`the structured result was left out: it is larger than ${maxBytes} bytes`));
  return { ...rest, content };
}

/** The contents of a resource, no larger than they may be. */
export function cappedContents(
  contents: ReadResourceResult['contents'],
  maxBytes: number,
): ReadResourceResult['contents'] {
  return contents.slice(0, maxResultParts).map((each) => {
    if ('text' in each) return { ...each, text: cutText(each.text, maxBytes) };
    if (each.blob.length <= maxMediaBytes) return each;
    const { blob, ...rest } = each;
    return { ...rest, text: `[${blob.length} bytes were left out: more than ${maxMediaBytes}]` };
  });
}

function cappedBlock(block: ContentBlock, maxBytes: number): ContentBlock {
  switch (block.type) {
    case 'text':
      return { ...block, text: cutText(block.text, maxBytes) };
    case 'image':
    case 'audio':
      return block.data.length <= maxMediaBytes ? block : tooLarge(block.type, block.data.length);
    case 'resource': {
      const { resource } = block;
      if ('text' in resource) {
        const text = cutText(resource.text, maxBytes);
        return { ...block, resource: { ...resource, text } };
      }
      const bytes = resource.blob.length;
      return bytes <= maxMediaBytes ? block : tooLarge(`file ${resource.uri.slice(0, 200)}`, bytes);
    }
    case 'resource_link':
      return block;
  }
}

/** The text's beginning, with a word about what follows it. */
function cutText(text: string, maxBytes: number): string {
  if (text.length <= maxBytes) return text;
  const kept = text.slice(0, maxBytes).replace(/[\ud800-\udbff]$/, '');
  return `${kept}\n[cut: ${text.length - kept.length} more characters]`;
}

function tooLarge(what: string, bytes: number): ContentBlock {
  return note(`${what} of ${bytes} bytes was left out: it is larger than ${maxMediaBytes} bytes`);
}

function note(text: string): ContentBlock {
  return { type: 'text', text: `[${text}]` };
}

function isSmall(value: unknown, maxBytes: number): boolean {
  return !isDeeperThan(value, maxJsonDepth) && (JSON.stringify(value)?.length ?? 0) <= maxBytes;
}
