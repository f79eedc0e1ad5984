export { type CompiledProtos, type CompileOptions, compileProtos } from './compile-protos.ts';
export { decodeDescriptorSet, descriptorSetOf, encodeDescriptorSet } from './descriptor-set.ts';
export { formatProblem, type SchemaProblem, schemaProblems } from './schema-problem.ts';
