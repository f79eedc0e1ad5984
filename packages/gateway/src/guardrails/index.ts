export { guardRule } from './guard-rule.ts';
export { HeldItems } from './held-items.ts';
export { findIn, type TextRule } from './text-rule.ts';
