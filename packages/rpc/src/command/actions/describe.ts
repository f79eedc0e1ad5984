import type { DescMethod } from '@bufbuild/protobuf';
import type { JsonValue } from '../../codec/json-value.ts';
import { splitArguments } from '../arguments.ts';
import type { DescribeFlags } from '../commands/describe.ts';
import { openSchema } from '../connect.ts';
import type { Context } from '../context.ts';
import { allServices, printDescribed } from '../describe/describe-schema.ts';
import { exampleMessage } from '../describe/example-message.ts';
import { ProtoText } from '../describe/proto-text.ts';
import { findDescribed } from '../schema/find-described.ts';
import type { Described, Schema } from '../schema/schema.ts';

/** Prints a declaration, or all services; with `--json` a request to fill in. */
export async function describe(
  context: Context,
  args: readonly string[],
  flags: DescribeFlags,
): Promise<void> {
  const { output } = context;
  const { target, rest } = splitArguments(args, ['a symbol']);
  await using opened = await openSchema(context, target, flags);
  const { schema } = opened;
  const [name] = rest;
  const found =
    name === undefined ? await allServices(schema) : [await findDescribed(schema, name)];
  if (found.length === 0) {
    output.note(`${schema.origin} has no services: name a message, such as ${someName(schema)}`);
    return;
  }
  if (flags.json) {
    const examples = found.map((desc) => [nameOf(desc), exampleOf(desc)]);
    return output.json(name === undefined ? Object.fromEntries(examples) : examples[0]?.[1]);
  }
  const text = new ProtoText(output.styles);
  printDescribed(text, schema, found);
  output.line(text.text);
}

function someName({ registries }: Schema): string {
  const types = registries.flatMap((registry) => [...registry]);
  const own = types.filter(({ typeName }) => !typeName.startsWith('google.protobuf.'));
  return own.at(-1)?.typeName ?? 'google.protobuf.Timestamp';
}

function exampleOf(desc: Described | DescMethod): JsonValue {
  switch (desc.kind) {
    case 'rpc':
      return exampleMessage(desc.input);
    case 'message':
      return exampleMessage(desc);
    case 'service':
      return Object.fromEntries(
        desc.methods.map(({ name, input }) => [name, exampleMessage(input)]),
      );
    case 'enum':
      return desc.values.map(({ name }) => name);
    case 'extension':
      return desc.message === undefined ? null : exampleMessage(desc.message);
  }
}

function nameOf(desc: Described | DescMethod): string {
  return desc.kind === 'rpc' ? `${desc.parent.typeName}/${desc.name}` : desc.typeName;
}
