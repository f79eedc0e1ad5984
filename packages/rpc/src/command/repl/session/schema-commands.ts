import type { DescMethod, FileRegistry } from '@bufbuild/protobuf';
import { RpcError } from '../../../rpc-error.ts';
import { exampleMessage } from '../../describe/example-message.ts';
import { printDeclaration } from '../../describe/print-declaration.ts';
import { ProtoText } from '../../describe/proto-text.ts';
import { formatJson } from '../../format/format-message.ts';
import { printable } from '../../printable.ts';
import { findDescribed } from '../../schema/find-described.ts';
import { findMethod, findService } from '../../schema/find-symbol.ts';
import type { Described, Schema } from '../../schema/schema.ts';
import { highlightJson } from '../language/highlight.ts';
import type { ReplCommand } from './command.ts';
import { completeMethod, completeService, completeSymbol } from './complete-symbol.ts';
import type { Session } from './session.ts';

export const listCommand: ReplCommand = {
  name: 'list',
  usage: '[service]',
  summary: 'list services, or the methods of one',
  async run(session, rest) {
    const { view } = session;
    const schema = schemaOf(session);
    if (rest !== '') {
      const service = await session.unlessInterrupted(findService(schema, rest));
      const lines = service.methods.map((method) => methodLine(method, view.styles.dim));
      await view.result(lines.join('\n'));
      return;
    }
    const names = await session.unlessInterrupted(schema.services());
    if (names.length === 0) view.note(`${schema.origin} has no services`);
    else await view.result(names.map((name) => printable(name)).join('\n'));
  },
  complete: ({ schema }, [word = '', surplus]) =>
    surplus === undefined ? completeService(schema, word) : [],
};

export const describeCommand: ReplCommand = {
  name: 'describe',
  usage: '[name]',
  summary: 'show a service, method, message or enum',
  details: `Declarations are shown as a .proto file has them, with full names.

  describe Orders
  describe Orders/Get          with its messages
  describe shop.v1.Order`,
  async run(session, rest) {
    const schema = schemaOf(session);
    const found =
      rest === ''
        ? await session.unlessInterrupted(allServices(schema))
        : [await session.unlessInterrupted(findDescribed(schema, rest))];
    const text = new ProtoText(session.view.styles);
    for (const [i, desc] of found.flatMap(withMessages).entries()) {
      if (i > 0) text.line('');
      printDeclaration(text, desc, registryOf(schema, desc));
    }
    await session.view.result(text.text.trimEnd());
  },
  complete: ({ schema }, [word = '', surplus]) =>
    surplus === undefined ? completeSymbol(schema, word) : [],
};

export const exampleCommand: ReplCommand = {
  name: 'example',
  usage: '<Service/Method>',
  summary: 'show a request with every field',
  async run(session, rest) {
    const { view } = session;
    const method = await session.unlessInterrupted(findMethod(schemaOf(session), rest));
    const json = formatJson(exampleMessage(method.input), true);
    await view.result(highlightJson(json, view.styles));
  },
  complete: ({ schema }, [word = '', surplus]) =>
    surplus === undefined ? completeMethod(schema, word) : [],
};

function methodLine(
  { name, parent, proto, input, output }: DescMethod,
  dim: (text: string) => string,
): string {
  const takes = `${proto.clientStreaming ? 'stream ' : ''}${input.name}`;
  const answers = `${proto.serverStreaming ? 'stream ' : ''}${output.name}`;
  return `${printable(`${parent.typeName}/${name}`)}  ${dim(printable(`${takes} → ${answers}`))}`;
}

/** @throws RpcError when there is neither a server nor a file. */
function schemaOf(session: Session): Schema {
  if (session.schema.origin === 'nothing') session.connected();
  return session.schema;
}

async function allServices(schema: Schema): Promise<Described[]> {
  const services: Described[] = [];
  for (const name of await schema.services()) {
    const found = await schema.lookUp(name);
    if (found !== undefined) services.push(found);
  }
  return services;
}

/** Who asks for a method wants to call it. */
function withMessages(desc: Described | DescMethod): (Described | DescMethod)[] {
  return desc.kind === 'rpc' ? [...new Set([desc, desc.input, desc.output])] : [desc];
}

function registryOf({ registries }: Schema, desc: Described | DescMethod): FileRegistry {
  const { typeName } = desc.kind === 'rpc' ? desc.parent : desc;
  const registry = registries.find((each) => each.get(typeName) !== undefined);
  if (registry !== undefined) return registry;
  throw new RpcError('internal', `${typeName} is in no registry`);
}
