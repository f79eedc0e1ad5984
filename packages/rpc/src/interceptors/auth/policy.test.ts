import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { generateTypeScript } from '../../generator/typescript/generate-typescript.ts';
import { compileProtos } from '../../schema/compile-protos.ts';
import { readFile } from '../../schema/read-file.ts';
import { testMethod } from '../../testing/test-method.ts';
import { policyOf } from './policy.ts';

const source = `
edition = "2023";
package test;
import "zrpc/options.proto";
message Nothing {}
service Things {
  rpc Delete(Nothing) returns (Nothing) {
    option (zrpc.policy) = { roles: ["admin", "editor"] scopes: "write" rate_class: "heavy" };
  }
  rpc Version(Nothing) returns (Nothing) { option (zrpc.policy).public = true; }
  rpc WhoAmI(Nothing) returns (Nothing) { option (zrpc.policy) = {}; }
  rpc Plain(Nothing) returns (Nothing);
}
`;

/** The options of each method, as generated code has them. */
function generatedOptions(): Record<string, Record<string, unknown> | undefined> {
  const protos = join(import.meta.dirname, '../../../proto');
  const { files } = compileProtos({
    files: ['test/things.proto'],
    importPaths: [protos],
    readFile: (path) => (path.endsWith('test/things.proto') ? source : readFile(path)),
  });
  const set = create(FileDescriptorSetSchema, { file: [...files] });
  const [generated] = generateTypeScript(set, { files: ['test/things.proto'] });
  const methods = generated?.content.matchAll(/name: '(\w+)',\n.*?\n {4}\},/gs) ?? [];
  const found = [...methods].map(([text, name]) => {
    const options = /options: (\{.*?\n {6}\}),/s.exec(text)?.[1];
    return [name, options === undefined ? undefined : JSON.parse(options)];
  });
  return Object.fromEntries(found);
}

test('the policy of a proto file reaches the interceptors through generated code', () => {
  const options = generatedOptions();
  expect(Object.keys(options)).toEqual(['Delete', 'Version', 'WhoAmI', 'Plain']);
  const policy = (name: string) => {
    const found = options[name];
    return policyOf(testMethod(found === undefined ? {} : { options: found }));
  };
  expect(policy('Delete')).toEqual({
    public: false,
    roles: ['admin', 'editor'],
    scopes: ['write'],
    rateClass: 'heavy',
  });
  expect(policy('Version')).toEqual({ public: true, roles: [], scopes: [], rateClass: '' });
  expect(policy('WhoAmI')).toEqual({ public: false, roles: [], scopes: [], rateClass: '' });
  expect(policy('Plain')).toBeUndefined();
});
