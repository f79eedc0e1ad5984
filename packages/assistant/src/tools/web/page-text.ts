import { lookup } from 'node:dns/promises';
import { RpcError } from '@zeke/rpc';
import { type AddressRules, type FetchedPage, fetchPage } from './fetch-page.ts';
import { htmlToMarkdown } from './html-to-markdown.ts';
import { isPublicAddress } from './public-address.ts';

/** The system's resolver, and addresses that anybody can reach. */
export const publicAddresses: AddressRules = {
  lookup: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  permits: isPublicAddress,
};

/**
 * The text of the page at an address that a person has named. Throws `failed_precondition` where it leads to
 * another server, which they have not, and what `fetchPage` and `pageText` throw.
 */
export async function fetchPageText(
  url: string,
  signal: AbortSignal,
  addresses: AddressRules = publicAddresses,
): Promise<string> {
  const result = await fetchPage(url, addresses, signal);
  if (result.kind === 'page') return await pageText(result.page, false, signal);
  throw new RpcError(
    'failed_precondition',
    `it leads to another server: name ${result.url} itself`,
  );
}

const readable =
  /^(?:text\/|application\/(?:[\w.-]+\+)?(?:x-)?(?:json|ndjson|xml|yaml|javascript|toml|sh|sql)|$)/;
const pages: ReadonlySet<string> = new Set(['text/html', 'application/xhtml+xml']);

/**
 * What a page says, HTML as Markdown unless it is wanted as it is. Throws `failed_precondition` for what is no
 * text, and the signal's reason.
 */
export async function pageText(
  { bytes, charset, mediaType, url }: FetchedPage,
  raw: boolean,
  signal: AbortSignal,
): Promise<string> {
  const isReadable = readable.test(mediaType) || mediaType.endsWith('+xml');
  if (!isReadable || (charset === undefined && Buffer.from(bytes.subarray(0, 8_000)).includes(0))) {
    throw new RpcError(
      'failed_precondition',
      `${url} is ${mediaType || 'binary'}, ${bytes.length} bytes: only text can be shown`,
    );
  }
  const text = decode(bytes, charset ?? charsetInside(bytes));
  if (raw || !pages.has(mediaType)) return text;
  const { text: markdown, title } = await htmlToMarkdown(text, url, signal);
  return title === '' ? markdown : `Title: ${title}\n\n${markdown}`;
}

/** As `<meta charset>` says it, within the first bytes. */
function charsetInside(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.subarray(0, 1_024)).toString('latin1');
  return /<meta[^>]{0,200}charset=["']?([\w-]{1,40})/i.exec(head)?.[1] ?? 'utf-8';
}

function decode(bytes: Uint8Array, charset: string): string {
  try {
    return new TextDecoder(charset as Bun.Encoding).decode(bytes);
  } catch {
    // A name that nobody knows: the web's own way is to go on with UTF-8.
    return new TextDecoder().decode(bytes);
  }
}
