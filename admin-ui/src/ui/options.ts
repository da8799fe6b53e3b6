import { type Component } from 'vue';

/**
 * One thing that can be chosen. `detail` stands beside it and may be cut off; `help` is a sentence below it and never
 * is. `depth` indents it, for trees.
 */
export type Option = {
  value: string;
  label: string;
  detail?: string | undefined;
  help?: string | undefined;
  icon?: Component | undefined;
  depth?: number;
};
