import { fileTools } from '../file-tools.ts';

/** Changes two files by one call again and again, from one text to the other and back, and tells each time: for a test that kills it. */
const [, , root = '', first = '', second = ''] = process.argv;
const edit = fileTools().find(({ name }) => name === 'multi_edit');
const place = {
  project: { root, name: 'project' },
  cwd: root,
  sessionId: 's',
  callId: 'c',
  signal: new AbortController().signal,
  onProgress: () => {},
};
for (let [from, to] = [first, second]; ; [from, to] = [to, from]) {
  const edits = ['a.txt', 'b.txt'].map((path) => ({
    path,
    old_string: from,
    new_string: to,
    replace_all: true,
  }));
  const input = edit?.parse({ edits });
  const allowed = (await edit?.actions(input, place)) ?? [];
  const output = await edit?.run(input, { ...place, allowed });
  if (output?.isError !== undefined && output.isError) throw new Error(output.text);
  process.stdout.write('.');
}
