import type { Hub } from '@zeke/mcp';
import type { ToolOutput } from '../tool.ts';

type Result = Awaited<ReturnType<Hub['callTool']>>;
type Block = Result['content'][number];
type Image = NonNullable<ToolOutput['images']>[number];

/** What models can be shown. */
const imageTypes = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);
const maxSummaryChars = 120;

/** The result of a tool of an MCP server, for the model. What a model cannot be shown is named. */
export function resultOutput({ content, isError, structuredContent }: Result): ToolOutput {
  const images = content.flatMap(imageIn);
  const texts = content.map(textOf).filter((text) => text !== '');
  if (content.length === 0 && structuredContent !== undefined) {
    texts.push(JSON.stringify(structuredContent));
  }
  const text = texts.join('\n') || (images.length > 0 ? '' : '(the tool gave nothing back)');
  const [line = ''] = text.split('\n', 1);
  return {
    text,
    summary: line.slice(0, maxSummaryChars),
    ...(images.length === 0 ? {} : { images }),
    ...(isError === true ? { isError: true } : {}),
  };
}

/** What stands in a resource, for the model. */
export function contentsText(
  contents: Awaited<ReturnType<Hub['readResource']>>['contents'],
): string {
  return contents
    .map((each) => ('text' in each ? each.text : named('file', each.mimeType, each.blob)))
    .join('\n');
}

function imageIn(block: Block): Image[] {
  if (block.type !== 'image' || !imageTypes.has(block.mimeType)) return [];
  return [{ mediaType: block.mimeType, base64: block.data }];
}

function textOf(block: Block): string {
  switch (block.type) {
    case 'text':
      return block.text;
    case 'image':
      return imageTypes.has(block.mimeType) ? '' : named('image', block.mimeType, block.data);
    case 'audio':
      return named('audio', block.mimeType, block.data);
    case 'resource':
      return `${block.resource.uri}\n${contentsText([block.resource])}`;
    case 'resource_link':
      return `${block.uri}: ${block.description ?? block.name}`;
  }
}

function named(what: string, type: string | undefined, base64: string): string {
  return `[${what}${type === undefined ? '' : ` ${type}`}, ${base64.length} bytes of base64]`;
}
