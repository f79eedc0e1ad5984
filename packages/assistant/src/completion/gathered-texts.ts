import type { CompletionRequest, RelatedText, RelatedTexts } from './completion.ts';
import type { RecentEdits } from './recent-edits.ts';
import { SimilarWindows } from './similar-windows.ts';

/** Pieces that a prompt may have; how many fit is seen there. */
const maxTexts = 16;

/** Gathers what of other places helps at a cursor: definitions, what was changed last, what is alike. */
export class GatheredTexts {
  readonly #sources: readonly RelatedTexts[];
  readonly #similar = new SimilarWindows();

  constructor(sources: readonly RelatedTexts[]) {
    this.#sources = sources;
  }

  /** Best first, each text once. Does not throw. */
  async gather(
    request: CompletionRequest,
    edits: RecentEdits,
    signal: AbortSignal,
  ): Promise<readonly RelatedText[]> {
    const { context, filePath, prefix, project } = request;
    const short = (path: string) =>
      path.startsWith(`${project.root}/`) ? path.slice(project.root.length + 1) : path;
    const given = await Promise.all(
      this.#sources.map((source) => source.related(request, signal).catch(() => [])),
    );
    const open = (context?.openDocuments ?? []).filter((each) => each.filePath !== filePath);
    const texts = [
      ...given.flat(),
      ...edits.except(filePath).map((edit) => ({ path: short(edit.filePath), text: edit.text })),
      ...this.#similar.find(
        prefix,
        open.map((each) => ({ path: short(each.filePath), text: each.text })),
      ),
    ];
    return [...new Map(texts.map((each) => [each.text, each])).values()].slice(0, maxTexts);
  }
}
