import { join } from 'node:path';
import type { AnswerCell, RequestCell } from '../packages/gateway/src/dialects/translation-cell.ts';
import {
  tableModels,
  translationTable,
} from '../packages/gateway/src/dialects/translation-table.ts';
import { dialectNames } from '../packages/gateway/src/neutral/dialect-name.ts';

/** Where the page stands, from the root of the repository. */
export const translationPagePath = 'docs/architecture/translation.md';

const introduction = `# What translation keeps

A request whose caller speaks the provider's dialect is passed through: its bytes go out as they came,
only the model's name is replaced. Everything else goes by way of the neutral form
(\`packages/gateway/src/neutral\`), and this page says what becomes of each of its fields. It is written
by \`bun scripts/translation-table.ts\` from \`packages/gateway/src/dialects/translation-table.ts\`;
\`translation-table.test.ts\` tries every cell, and a structure test compares the page with the data.
Why a thing is refused, mapped or dropped: [decision 0005](../decisions/0005-translation-policy.md).

- **carried**: it goes out and means the same. Words after it say where it goes out in the dialect's own
  way, so that it reads back in other words.
- **mapped**: it goes out changed, as the words say.
- **dropped**: it is left out.
- **refused**: the request fails with 400 and names the field.

What was mapped or dropped is named in the answer's header \`x-zeke-translation\`, and what is refused in
the error, by the caller's own names of the fields: \`field-names.ts\` of its dialect. The neutral paths
below are those of \`chat-request.ts\`: \`messages[].parts[].cache\` is the mark on any part of any message.
`;

const requestIntroduction = `## Requests

To a provider of each dialect, from a caller of another. Models of one dialect differ; the columns are
about ${modelList()}. What other models refuse stands in \`model-rules.ts\`, \`model-traits.ts\` and
\`model-limits.ts\` of the dialects; in what servers that speak OpenAI's dialect differ, in its
\`quirks.ts\`.
`;

const answerIntroduction = `## Answers

To a caller of each dialect, as a whole and streamed, whatever the provider's dialect. Bedrock has no
callers here; its column is what its own encoder tells. "Mapped" is what a client reads, so there is
no header for it: an answer that is streamed has sent its headers long before. An opaque token of a
provider (a signature, redacted thinking) is handed to callers of other dialects marked with its
origin, and finds its way back when the caller sends it with the next turn. Several choices are told
by OpenAI chat and Gemini; the other dialects refuse \`choiceCount\` above 1, and tell the first.
`;

const errorIntroduction = `## Errors

In the shape of the caller's dialect, as its body and status; \`retry-after\` is a header in all of them.
`;

/** The text of the page. */
export function translationPage(): string {
  const requests = translationTable.requests.flatMap(({ title, rows }) => [
    `### ${title}\n`,
    table(rows.map(({ field, form, cells }) => [field, form, cells.map(requestWords)])),
  ]);
  const answers = translationTable.answers.map(
    ({ field, form, only, cells }) =>
      [field, only ? `${form} (${only})` : form, cells.map(answerWords)] as const,
  );
  const errors = translationTable.errors.map(
    ({ field, cells }) => [field, '', cells.map(({ fate }) => fate)] as const,
  );
  return [
    introduction,
    requestIntroduction,
    ...requests,
    answerIntroduction,
    table(answers),
    errorIntroduction,
    table(errors),
  ].join('\n');
}

function table(rows: readonly (readonly [string, string, readonly string[]])[]): string {
  const head = ['field', 'form', ...dialectNames];
  const lines = rows.map(([field, form, cells]) => [`\`${field}\``, form, ...cells]);
  const ruler = head.map(() => '---');
  return `${[head, ruler, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}

function requestWords(cell: RequestCell): string {
  switch (cell.fate) {
    case 'carried':
      return cell.as === undefined ? 'carried' : `carried, ${cell.as}`;
    case 'mapped':
      return `mapped: ${cell.how}${named(cell.field)}`;
    case 'dropped':
      return `dropped${named(cell.field)}`;
    case 'refused':
      return `refused${named(cell.param)}`;
  }
}

function named(field: string | undefined): string {
  return field === undefined ? '' : ` (\`${field}\`)`;
}

function answerWords(cell: AnswerCell): string {
  return cell.fate === 'mapped' ? `mapped: ${cell.how}` : cell.fate;
}

function modelList(): string {
  const named = dialectNames.filter((name) => tableModels[name] !== 'any-model');
  const models = named.map((name) => `\`${tableModels[name]}\``).join(', ');
  return `${models}, and, in OpenAI's and Ollama's dialects, a model of which nothing is known`;
}

if (import.meta.main) {
  await Bun.write(join(import.meta.dir, '..', translationPagePath), translationPage());
}
