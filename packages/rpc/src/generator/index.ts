export { type Generated, type GenerateOptions, generate, type Language } from './generate.ts';
export { type GeneratedFile, generateTypeScript } from './typescript/generate-typescript.ts';
export type { TypeScriptOptions } from './typescript/options.ts';
