import { expect, setDefaultTimeout, test } from 'bun:test';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Emulator, startOpenAiEmulator } from '@zeke/emulators';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { exitCodes } from './exit-codes.ts';
import { terminal } from './testing/terminal.ts';
import { processTimeoutMs } from './testing/zeke-process.ts';

setDefaultTimeout(processTimeoutMs);

const ctrlC = '\u0003';
const ctrlD = '\u0004';

/** A home with one emulated provider, `slow`, which sends each piece after a moment. */
async function homeWith(slow: Emulator) {
  const home = await temporaryDirectory();
  await writeFile(
    join(home.path, 'zeke.toml'),
    `[server]\nport = 0\n[providers.slow]\ntype = "openai"\napi_key = "k"\nbase_url = "${slow.url}/v1"\nmodels = ["gpt-4o", "gpt-4.1"]\n`,
  );
  return home;
}

/** What the person said, as the provider got it in its last request. */
function said(slow: Emulator): string[] {
  const body = JSON.parse(new TextDecoder().decode(slow.requests.at(-1)?.body));
  const messages: { role: string; content: string }[] = body.messages;
  return messages.filter(({ role }) => role === 'user').map(({ content }) => content);
}

test('a conversation remembers, Ctrl-C ends an answer only, Ctrl-D leaves', async () => {
  await using slow = startOpenAiEmulator({ recordDelayMs: 30 });
  await using home = await homeWith(slow);
  await using person = terminal(['chat', '-m', 'slow/gpt-4o'], { home: home.path });
  await person.see(/› /);
  person.type('first words\r');
  await person.see(/answer from gpt-4o\. You said: first words\r\n/);
  await person.see(/› /);
  person.type('/model slow/gpt-4.1\r');
  await person.see(/› /);
  person.type('more\r');
  await person.see(/This is/);
  person.type(ctrlC);
  await person.see(/\(ended\)[\s\S]*› /);
  person.type('last\r');
  await person.see(/answer from gpt-4\.1\. You said: last\r\n/);
  expect(said(slow)).toEqual(['first words', 'last']);
  await person.see(/› /);
  person.type(ctrlD);
  expect(await person.exited).toBe(exitCodes.ok);
});

test('lines that come at once, or while an answer streams, are all asked, in their order', async () => {
  await using slow = startOpenAiEmulator({ recordDelayMs: 10 });
  await using home = await homeWith(slow);
  await using person = terminal(['chat', '-m', 'slow/gpt-4o'], { home: home.path });
  await person.see(/› /);
  person.type('one\rtwo\rthree\rfo');
  await person.see(/You said: one\r\n› two\r\n[\s\S]*You said: two\r\n› three\r\n/);
  await person.see(/You said: three\r\n/);
  await person.see(/› fo/);
  person.type('ur\r');
  await person.see(/You said: four\r\n/);
  expect(said(slow)).toEqual(['one', 'two', 'three', 'four']);
});

test('what is pasted is one message, sent by Enter; Ctrl-C at the prompt ends with 130', async () => {
  await using slow = startOpenAiEmulator();
  await using home = await homeWith(slow);
  await using person = terminal(['chat', '-m', 'slow/gpt-4o'], { home: home.path, kind: 'xterm' });
  await person.see(/› /);
  person.type('look: \u001b[200~first\rsecond\r/third\u001b[201~');
  await person.see(/third/);
  expect(slow.requests).toHaveLength(0);
  person.type(' end\r');
  await person.see(/ end\r\r\n[\s\S]*You said: /);
  expect(said(slow)).toEqual(['look: first\nsecond\n/third end']);
  await person.see(/› /);
  person.type(ctrlC);
  expect(await person.exited).toBe(exitCodes.interrupted);
});

test('a model that does not exist is refused, one that is not listed is not', async () => {
  await using slow = startOpenAiEmulator();
  await using home = await homeWith(slow);
  await using person = terminal(['chat', '-m', 'slow/gpt-4o'], { home: home.path });
  await person.see(/slow\/gpt-4o · .*\/help[\s\S]*› /);
  person.type('/model nope/gpt-4o\r');
  await person.see(/the model nope\/gpt-4o is not known; did you mean slow\/gpt-4o/);
  person.type('/model\r');
  await person.see(/the model is slow\/gpt-4o\r\n/);
  person.type('/model slow/unlisted\r');
  await person.see(/the model is slow\/unlisted\r\n/);
  person.type('/helb\r');
  await person.see(/there is no \/helb, but \/model <name>/);
});

test('--json at a terminal wants a prompt', async () => {
  await using slow = startOpenAiEmulator();
  await using home = await homeWith(slow);
  await using person = terminal(['chat', '--json'], { home: home.path });
  await person.see(/"invalid_argument","message":"nothing to ask/);
  expect(await person.exited).toBe(exitCodes.usage);
});
