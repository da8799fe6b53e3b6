import { type Component } from 'vue';

/** One thing that can be chosen. `depth` indents it, for trees. */
export type Option = {
  value: string;
  label: string;
  detail?: string | undefined;
  icon?: Component | undefined;
  depth?: number;
};
