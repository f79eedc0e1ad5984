export type { Compressor, CompressorLookup } from './compressor.ts';
export { compressor } from './compressors.ts';
